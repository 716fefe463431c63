# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from unified_agent.agent.measurements import AHEAD, REMEMBERED, STALE, Measurements

NAMES = ("shoulder", "elbow", "finger")


@pytest.fixture
def measured():
    """Everything measured at time 10, and received at wall time 3."""
    measured = Measurements(NAMES[:2], NAMES[2], ("red", "blue"))
    for i, name in enumerate(NAMES):
        measured.joint(name, 0.1 * i, 10.0, 3.0)
    for name in ("red", "blue"):
        measured.seen(name, np.array([0.5, 0.0, 0.02]), 10.0, 3.0)
    return measured


def test_what_is_fresh_may_be_acted_on(measured):
    assert measured.trouble(10.1, 3.1, ("red",)) == ""
    assert measured.q.tolist() == [0.0, 0.1]
    assert measured.gripper == pytest.approx(0.2)


def test_each_joint_has_an_age_of_its_own(measured):
    measured.joint("shoulder", 0.0, 10.6, 3.6)
    measured.joint("finger", 0.0, 10.6, 3.6)
    assert "elbow is 0.60 s old" in measured.trouble(10.6, 3.6)


def test_freshness_has_two_sides(measured):
    assert "100.00 s ahead of this node's clock" in measured.trouble(-90.0, 3.0)
    assert measured.trouble(10.0 - AHEAD + 0.01, 3.0) == ""


def test_stamps_that_are_fresh_are_too_old_when_nothing_comes_any_more(measured):
    assert "old" in measured.trouble(10.0, 3.0 + STALE + 0.1)


def test_an_object_that_is_not_spoken_of_may_be_out_of_sight_for_a_while(measured):
    for name in NAMES:
        measured.joint(name, 0.0, 12.0, 5.0)
    assert measured.trouble(12.0, 5.0) == ""
    assert "the red object is 2.00 s old" in measured.trouble(12.0, 5.0, ("red",))
    later = 10.0 + REMEMBERED + 1.0
    for name in NAMES:
        measured.joint(name, 0.0, later, 5.0)
    assert f"limit {REMEMBERED} s" in measured.trouble(later, 5.0)


@pytest.mark.parametrize("position", [math.nan, math.inf])
def test_what_is_not_finite_is_not_known(measured, position):
    measured.joint("elbow", position, 10.0, 3.0)
    assert "no finite position of elbow" in measured.trouble(10.0, 3.0)
    measured.joint("elbow", 0.0, 10.0, 3.0)
    measured.seen("blue", np.array([0.5, position, 0.0]), 10.0, 3.0)
    assert "no finite position of the object(s) blue" in measured.trouble(10.0, 3.0)


def test_joints_and_objects_of_others_are_nobodys(measured):
    assert not measured.joint("wheel", 1.0, 99.0, 3.0)
    measured.seen("mug", np.zeros(3), 99.0, 3.0)
    assert measured.trouble(10.0, 3.0) == ""
    assert set(measured.objects) == {"red", "blue"}


def test_nothing_is_known_after_it_was_forgotten(measured):
    measured.clear()
    assert "shoulder, elbow, finger" in measured.trouble(10.0, 3.0)
