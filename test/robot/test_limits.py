# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

LIMITS = JointLimits(("a", "b"), *(np.array(v, float) for v in ([-1, -1], [1, 1], [2, 2], [10, 10])))
REST = np.zeros(2)


def curve(times, positions, velocities=None):
    return JointTrajectory("ab", times, positions, velocities)


def test_a_curve_inside_all_limits_passes():
    LIMITS.check(curve([0, 1], [[0, 0], [0.5, -0.5]]), REST)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (curve([0, 0.1], [[0, 0], [0, 0.5]]), "acceleration limit of joint 'b'"),
        (curve([0, 2, 4], [[0, 0], [0.9, 0], [0, 0]], [[0, 0], [1.9, 0], [0, 0]]), "position limit of joint 'a'"),
        (curve([0, 0.8], [[-0.9, 0], [0.9, 0]]), "velocity limit of joint 'a'"),
    ],
)
def test_what_breaks_a_limit_between_points_that_keep_them_is_refused(bad, message):
    LIMITS.check_points(bad, REST)
    with pytest.raises(InvalidTrajectory, match=message):
        (LIMITS if "velocity" not in message else _soft()).check(bad, REST)


def _soft():
    return JointLimits(LIMITS.joints, LIMITS.lower, LIMITS.upper, LIMITS.velocity, 100 * LIMITS.acceleration)


def test_extremes_are_those_of_a_dense_sampling():
    rng = np.random.default_rng(0)
    wide = JointLimits(("a", "b"), -np.ones(2), np.ones(2), 3 * np.ones(2), 60 * np.ones(2))
    refused = 0
    for _ in range(500):
        times = np.concatenate([[0], np.cumsum(rng.uniform(0.2, 0.6, 3))])
        trial = curve(times, rng.uniform(-0.9, 0.9, (4, 2)), rng.uniform(-2, 2, (4, 2)))
        t = np.linspace(0, times[-1], 4001)[:-1]
        positions, velocities = trial.samples(t)
        margin = min(1 - np.abs(positions).max(), 3 - np.abs(velocities).max(), 60 - np.abs(trial.accelerations).max())
        if abs(margin) < 1e-4:
            continue
        try:
            wide.check(trial, np.zeros(2))
        except InvalidTrajectory:
            refused += 1
            assert margin < 0
        else:
            assert margin > 0
    assert 100 < refused < 490


def test_the_points_of_a_joined_curve_are_checked_as_well():
    """A gap that fades adds to a trajectory's own velocities and positions at its points."""
    fast = curve([0, 0.1, 0.2], [[0, 0], [0.21, 0], [0.42, 0]], [[2.1, 0]] * 3)
    with pytest.raises(InvalidTrajectory, match="velocity limit of joint 'a'"):
        LIMITS.check(fast, REST)
    far = curve([0, 0.1, 0.2], [[1.01, 0]] * 3)
    with pytest.raises(InvalidTrajectory, match="position limit of joint 'a'"):
        LIMITS.check(far, REST)


@pytest.mark.parametrize("time", [1e-300, 1e-12])
def test_numbers_that_overflow_are_refused(time):
    with pytest.raises(InvalidTrajectory, match="limit of joint"):
        LIMITS.check(curve([0, time], [[0, 0], [0.5, 0]]), REST)


def test_joints_outside_may_go_back_but_no_farther_out():
    outside = np.array([1.2, 0.0])
    LIMITS.check_points(curve([0, 1], [outside, [0.9, 0]]), outside)
    with pytest.raises(InvalidTrajectory, match="position limit of joint 'a'"):
        LIMITS.check_points(curve([0, 1], [outside, [1.3, 0]]), outside)


def test_a_trajectory_that_ends_while_moving_is_refused():
    with pytest.raises(InvalidTrajectory, match="last velocity must be 0"):
        LIMITS.check_points(curve([0, 1], [[0, 0], [0.5, 0]], [[0, 0], [0.1, 0]]), REST)
