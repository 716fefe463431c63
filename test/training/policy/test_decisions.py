# SPDX-License-Identifier: Apache-2.0
"""What a gripper did, from its positions at 50 Hz."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.training.policy.decisions import Change, Track, changes

ARM = Arm.load("fr3")
OPEN, HELD, SHUT = 0.04, 0.0225, 0.0


def track(*grips: float, travel: float = 0.04, rate: float = 50.0, arm_rest: float = 1.0) -> Track:
    """A gripper that goes to each position in turn at ``travel`` m/s and stays there for a second."""
    found = [grips[0]] * round(rate * arm_rest)
    for before, after in pairwise(grips):
        steps = max(2, round(rate * abs(after - before) / travel))
        found += [*np.linspace(before, after, steps), *[after] * round(rate * arm_rest)]
    times = np.arange(len(found)) / rate
    return Track(times, np.zeros((len(found), 3)), np.array(found))


@pytest.mark.parametrize("rate", [50.0, 10.0])
@pytest.mark.parametrize("travel", [0.2, 0.04])
def test_a_pick_a_place_a_miss_and_a_loss_are_told_apart_however_slow_the_gripper(travel, rate):
    grips = (OPEN, HELD, OPEN, SHUT, OPEN, HELD, SHUT)
    found = [change for _, change in changes(track(*grips, travel=travel, rate=rate), ARM)]
    assert found == [Change.PICK, Change.PLACE, Change.MISS, Change.PICK, Change.LOSS]


def test_what_is_held_at_the_beginning_was_not_picked():
    assert [change for _, change in changes(track(HELD, OPEN), ARM)] == [Change.PLACE]


def test_a_jaw_that_opens_towards_smaller_positions_is_read_as_well():
    jaw = replace(ARM, gripper_open=0.0, gripper_closed=1.0, gripper_holding=(0.2, 0.9))
    found = changes(track(0.0, 0.5, 0.0, 1.0, travel=1.5), jaw)
    assert [change for _, change in found] == [Change.PICK, Change.PLACE, Change.MISS]
