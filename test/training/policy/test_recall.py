# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.experience import Provenance
from unified_agent.training.policy.recall import Recall

NOW = Provenance("f00", (0.3,) * len(SENTENCES), "fr3")
OTHERS = {
    "CLIP": replace(NOW, clip="bad"),
    "threshold": replace(NOW, thresholds=(0.4,) * len(SENTENCES)),
    "arm": replace(NOW, arm="other"),
}


class Eyes:
    """A detector that finds every sentence as true as the picture is bright."""

    sentences = SENTENCES

    def score_moments(self, moments):
        return np.full((len(moments), len(SENTENCES)), moments.mean() / 255, np.float32)


@pytest.fixture
def buffer(tmp_path, episode):
    def filled(*provenances, frames=True):
        made = Buffer(tmp_path)
        for number, provenance in enumerate(provenances):
            one = episode(2, grey=200)
            one.sentences, one.provenance = SENTENCES, provenance
            one.scores = [np.zeros(len(SENTENCES), np.float32)] * 3
            one.frames = one.frames if frames else []
            made.write(str(number), [one])
        return made

    return filled


def test_episodes_that_were_seen_as_now_are_used_without_a_word(buffer):
    told = []
    assert len(list(Recall(NOW, tell=told.append).episodes(buffer(NOW, NOW)))) == 2
    assert told == []


@pytest.mark.parametrize("what", OTHERS)
def test_what_was_seen_otherwise_is_refused_with_the_difference(buffer, what):
    with pytest.raises(UserError, match=f"2 with .*{what}.*instead of"):
        list(Recall(NOW).episodes(buffer(NOW, OTHERS[what], OTHERS[what])))


def test_old_episodes_are_used_and_told_with_their_count(buffer):
    told = []
    assert len(list(Recall(NOW, tell=told.append).episodes(buffer(None, None, NOW)))) == 3
    assert len(told) == 1 and "2 episodes used, not known with which CLIP" in told[0]


def test_frames_are_scored_anew_where_that_is_asked_for(buffer):
    told = []
    recall = Recall(NOW, Eyes(), told.append)
    episodes = list(recall.episodes(buffer(None, *OTHERS.values(), NOW)))
    assert [round(float(one.scores[0][0]), 2) for one in episodes] == [0.78, 0.78, 0.0, 0.0]
    assert episodes[0].provenance == NOW and not episodes[0].frames
    assert recall.counts["scored anew"] == 2
    assert any("1 episodes left out: the arm 'other'" in line for line in told)


def test_what_cannot_be_scored_anew_is_left_out_and_counted(buffer):
    recall = Recall(NOW, Eyes(), lambda line: None)
    assert list(recall.episodes(buffer(None, OTHERS["CLIP"], frames=False))) == []
    assert recall.counts == {"left out: no frames to score anew": 2}
