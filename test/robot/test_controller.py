# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.controller import TrajectoryController
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

PERIOD = 0.01
LIMITS = JointLimits(("a", "b"), -np.ones(2), np.ones(2), 2 * np.ones(2), 10 * np.ones(2))


@pytest.fixture
def controller():
    return TrajectoryController(LIMITS, [0.0, 0.0], joining=0.2, period=PERIOD)


def to(*position, times=(0.0, 1.0)):
    return JointTrajectory("ab", times, np.vstack([np.zeros((len(times) - 1, 2)), position]))


def command(controller, trajectory, now, start=None):
    curve = controller.joined(trajectory, now, start)
    LIMITS.check(curve, controller.sample(now)[0])
    controller.follow(curve, controller.set_points(curve), now)


def test_it_interpolates_and_holds_the_last_point(controller):
    command(controller, to(1, 0.5), now=10.0)
    np.testing.assert_allclose(controller.sample(10.5)[0], [0.5, 0.25])
    position, velocity = controller.sample(99.0)
    np.testing.assert_allclose(position, [1, 0.5])
    np.testing.assert_allclose(velocity, 0)
    assert not controller.moving


@pytest.mark.parametrize("first", [[], [0.0]])
def test_a_new_trajectory_replaces_the_one_before_without_a_jump_in_position_or_velocity(controller, first):
    command(controller, to(0.8, 0.8, times=(0.0, 1.5)), now=0.0)
    position, velocity = controller.sample(0.5)
    start = [position + 0.01] * len(first)
    command(controller, JointTrajectory("ab", [*first, 1.5], [*start, [-0.5, -0.5]]), now=0.5)
    np.testing.assert_allclose(controller.sample(0.5)[0], position, atol=1e-9)
    np.testing.assert_allclose(controller.sample(0.5)[1], velocity, atol=1e-9)
    points = np.array([controller.sample(0.5 + k * PERIOD)[0] for k in range(151)])
    assert np.abs(np.diff(points, n=2, axis=0)).max() / PERIOD**2 <= 10
    np.testing.assert_allclose(controller.sample(2.1)[0], [-0.5, -0.5])


def test_a_stamped_trajectory_is_joined_where_it_is_now(controller):
    command(controller, to(0.5, 0.5), now=5.1, start=5.0)
    np.testing.assert_allclose(controller.sample(5.1)[0], 0)
    np.testing.assert_allclose(controller.sample(5.9)[0], to(0.5, 0.5).sample(0.9)[0])


def test_a_trajectory_that_is_elsewhere_now_is_refused_with_the_place(controller):
    far = JointTrajectory("ab", [0, 1], [[0.5, 0], [0.6, 0]])
    with pytest.raises(InvalidTrajectory, match=r"joint 'a' at 0\.500 now, and its set point is 0\.000"):
        controller.joined(far, now=0.0)


def test_a_gap_that_cannot_be_closed_in_time_is_refused(controller):
    # Speeds up and slows down at the whole acceleration: nothing is left to close a gap with.
    hard = JointTrajectory("ab", [0, 0.2, 0.4], [[0.1, 0], [0.3, 0], [0.5, 0]], [[0, 0], [2, 0], [0, 0]])
    with pytest.raises(InvalidTrajectory, match="too little acceleration"):
        controller.joined(hard, now=0.0)


def test_set_points_change_once_a_period(controller):
    command(controller, to(1, 1), now=0.0)
    np.testing.assert_array_equal(controller.sample(0.509)[0], controller.sample(0.5)[0])
    assert controller.sample(0.51)[0][0] > controller.sample(0.5)[0][0]


def test_a_brake_ends_ahead_on_the_way_and_stays(controller):
    command(controller, to(1, 0.5), now=0.0)
    before, velocity = controller.sample(0.5)
    controller.brake(0.5)
    assert controller.braking
    np.testing.assert_allclose(controller.sample(0.5)[0], before, atol=1e-3)
    rest, still = controller.sample(1.5)
    assert before[0] < rest[0] < before[0] + velocity[0] ** 2 / 2 / 10 + 2 * velocity[0] * PERIOD
    np.testing.assert_allclose(rest[1], 0.5 * rest[0], atol=1e-6)
    np.testing.assert_allclose(still, 0)
