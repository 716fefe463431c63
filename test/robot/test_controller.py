# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.controller import TrajectoryController
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory


@pytest.fixture
def controller():
    return TrajectoryController("ab", [-1, -1], [1, 1], [2, 2], [0.0, 0.0], period=0.01)


def to(*position, times=(0.0, 1.0)):
    return JointTrajectory("ab", times, np.vstack([np.zeros((len(times) - 1, 2)), position]))


def test_it_interpolates_and_holds_the_last_point(controller):
    controller.command(to(1, 0.5), now=10.0)
    np.testing.assert_allclose(controller.sample(10.5)[0], [0.5, 0.25])
    position, velocity = controller.sample(99.0)
    np.testing.assert_allclose(position, [1, 0.5])
    np.testing.assert_allclose(velocity, 0)
    assert not controller.moving


def test_a_new_trajectory_replaces_the_one_before_without_a_jump(controller):
    controller.command(to(1, 1), now=0.0)
    before, _ = controller.sample(0.5)
    controller.command(JointTrajectory("ab", [1.0], [[-1, -1]]), now=0.5)
    np.testing.assert_allclose(controller.sample(0.5)[0], before, atol=1e-6)
    np.testing.assert_allclose(controller.sample(1.5)[0], [-1, -1])


def test_a_stamped_trajectory_is_joined_where_it_is_now(controller):
    controller.command(to(1, 1), now=5.5, start=5.0)
    np.testing.assert_allclose(controller.sample(5.75)[0], to(1, 1).sample(0.75)[0])


def test_a_stale_trajectory_is_refused_and_nothing_moves(controller):
    with pytest.raises(InvalidTrajectory, match=r"ended 2\.00 s ago"):
        controller.command(to(1, 1), now=8.0, start=5.0)
    np.testing.assert_allclose(controller.sample(8.5)[0], [0, 0])


def test_a_trajectory_of_hours_is_refused(controller):
    with pytest.raises(InvalidTrajectory, match="within 600 s"):
        controller.command(to(1, 1, times=(0.0, 7200.0)), now=0.0)


def test_set_points_change_once_a_period(controller):
    controller.command(to(1, 1), now=0.0)
    np.testing.assert_array_equal(controller.sample(0.509)[0], controller.sample(0.5)[0])
    assert controller.sample(0.51)[0][0] > controller.sample(0.5)[0][0]


def test_an_invalid_trajectory_leaves_the_one_before_running(controller):
    controller.command(to(1, 1), now=0.0)
    with pytest.raises(InvalidTrajectory):
        controller.command(to(3, 0), now=0.2)
    np.testing.assert_allclose(controller.sample(0.5)[0], [0.5, 0.5])


def test_hold_stops_at_once(controller):
    controller.command(to(1, 1), now=0.0)
    controller.hold([0.3, 0.4])
    np.testing.assert_allclose(controller.sample(0.9)[0], [0.3, 0.4])


def test_what_lies_between_the_points_is_clamped_to_the_limits(controller):
    overshooting = JointTrajectory("ab", [0, 1, 2], [[0, 0], [1, 0], [0, 0]], [[0, 0], [2, 0], [0, 0]])
    controller.command(overshooting, now=0.0)
    assert max(controller.sample(time)[0][0] for time in np.linspace(0, 2, 101)) == 1.0
