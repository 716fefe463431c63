# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.experiments.reward_zero_shot import GOALS, PROTOCOLS, _forbidden, _shown
from unified_agent.training.eyes.domains import load
from unified_agent.training.eyes.domains.moments import drawn
from unified_agent.training.eyes.domains.withholding import Withheld, leaks
from unified_agent.training.eyes.frames import LabelledMoments

GOAL = "the stick stands upright"


def upright(states: np.ndarray) -> np.ndarray:
    return np.abs(states[:, 2]) < np.radians(20)


def moments(domain) -> LabelledMoments:
    return LabelledMoments([drawn(domain, np.random.default_rng(0), 60, False)])


def said(domain) -> list[str]:
    return [wording for caption in domain.captions for wording in caption.wordings]


def test_nothing_leaks_from_what_was_withheld():
    whole = load("sticks")
    less = Withheld(whole, [GOAL], upright)
    assert len(less.captions) == len(whole.captions) - 1
    assert leaks(moments(less), said(less), whole.captions[0].wordings, {"sticks": upright}) == []


def test_a_caption_a_paraphrase_and_a_state_that_leak_are_each_told():
    whole = load("sticks")
    found = leaks(moments(whole), said(whole), whole.captions[0].wordings, {"sticks": upright})
    assert f"'{GOAL}' says '{GOAL}'" in found
    assert len([line for line in found if "says" in line]) == len(whole.captions[0].wordings)
    assert found[-1].endswith("states of 'sticks' that were to be withheld")


def test_a_withheld_sentence_with_more_words_around_it_leaks():
    less = Withheld(load("sticks"), [GOAL], upright)
    (found,) = leaks(moments(less), ["A photo: The stick is upright, at last."], ["the stick is upright"], {})
    assert "says 'the stick is upright'" in found


def test_states_that_were_not_kept_are_no_proof():
    shard = drawn(load("sticks"), np.random.default_rng(0), 5, False)
    bare = LabelledMoments([type(shard)(shard.frames, shard.truth, shard.scenes)])
    assert "nobody can tell" in leaks(bare, [], [], {"sticks": upright})[0]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_a_protocol_shows_holds_nothing_of_what_it_withholds(protocol):
    withheld, regions = _forbidden(protocol)
    for wanted in GOALS:
        domain = _shown(protocol, wanted)
        assert leaks(moments(domain), said(domain), withheld, regions) == []
        assert leaks(moments(load(wanted.domain)), said(load(wanted.domain)), withheld, regions) != []
