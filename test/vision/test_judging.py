# SPDX-License-Identifier: Apache-2.0
"""With the shipped CLIP, whose card has the thresholds of the vocabulary."""

import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip
from unified_agent.vision.judging import Judge
from unified_agent.vision.reward import Goal

GOAL = "the red object is on the table"


@pytest.fixture(scope="module")
def clip():
    return Clip.load("default", "cpu")


def frame(number, size=32):
    return np.random.default_rng(number).integers(0, 256, (size, size, 3), dtype=np.uint8)


def test_a_capital_letter_and_a_stop_make_no_other_goal(clip):
    judge = Judge(clip, Goal((GOAL.capitalize() + ".",)))
    assert judge.calibrated
    assert judge.threshold == pytest.approx(clip.card["thresholds"][GOAL])


def test_the_mean_of_several_wordings_has_no_threshold_of_its_own(clip):
    judge = Judge(clip, Goal((GOAL, "red on the table")))
    assert not judge.calibrated
    assert "a guess" in judge.doubts()


def test_a_threshold_that_is_given_comes_first(clip):
    judge = Judge(clip, Goal((GOAL,)), 0.25)
    assert (judge.threshold, judge.doubts()) == (0.25, "")
    with pytest.raises(UserError, match="threshold"):
        Judge(clip, Goal((GOAL,)), 1.5)


def test_cameras_of_other_sizes_are_rewarded_as_each_would_be_alone(clip):
    judge = Judge(clip, Goal((GOAL,)))
    moments = [[frame(0), frame(1, 48)], [frame(2), frame(3, 64)]]
    together = judge.look(moments)
    for number, moment in enumerate(moments):
        for camera, one in enumerate(moment):
            alone = judge.model.look(one[None, None])
            assert together.cosines[number, camera] == pytest.approx(alone.cosines[0, 0], abs=1e-5)
    rewards = [judgement.reward for judgement in judge.judgements(together)]
    assert rewards == pytest.approx(together.cosines[:, :, 0, 0].mean(axis=1), abs=1e-5)


def test_what_of_a_wide_frame_is_never_seen_is_said_once(clip):
    judge = Judge(clip, Goal((GOAL,)))
    wide = np.zeros((36, 64, 3), np.uint8)
    for _ in range(2):
        judge.look([[wide, frame(0)]])
    assert len(judge.reshaped) == 1
    assert "64x36" in judge.reshaped[0]
