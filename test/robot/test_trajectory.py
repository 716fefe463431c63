# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

VELOCITY, ACCELERATION = np.array([1.0, 2.0]), np.array([4.0, 6.0])


def dense(trajectory):
    times = np.linspace(0, trajectory.duration, 2001)
    samples = [trajectory.sample(time) for time in times]
    return times, np.array([p for p, _ in samples]), np.array([v for _, v in samples])


def test_a_trajectory_passes_its_way_points_and_ends_at_rest():
    way_points = np.array([[0, 0], [0.4, 0.1], [0.6, 0.7]])
    trajectory = JointTrajectory.through("ab", way_points, VELOCITY, ACCELERATION)
    _, positions, velocities = dense(trajectory)
    for way_point in way_points:
        assert np.linalg.norm(positions - way_point, axis=1).min() < 5e-3
    np.testing.assert_allclose(velocities[[0, -1]], 0, atol=1e-9)


def test_velocity_and_acceleration_stay_inside_the_limits():
    trajectory = JointTrajectory.through("ab", [[0, 0], [0.4, 0.1], [0.6, 0.7]], VELOCITY, ACCELERATION)
    times, _, velocities = dense(trajectory)
    acceleration = np.diff(velocities, axis=0) / np.diff(times)[:, None]
    assert np.all(np.abs(velocities) <= 1.001 * VELOCITY)
    assert np.all(np.abs(acceleration) <= 1.001 * ACCELERATION)


def test_velocities_are_the_derivative_of_positions():
    trajectory = JointTrajectory.through("ab", [[0, 0], [0.5, -0.5]], VELOCITY, ACCELERATION)
    times, positions, velocities = dense(trajectory)
    np.testing.assert_allclose(np.gradient(positions, times, axis=0)[2:-2], velocities[2:-2], atol=5e-3)


def test_a_slower_profile_takes_the_time_it_was_given():
    assert JointTrajectory.through("ab", [[0, 0], [0.1, 0.1]], VELOCITY, ACCELERATION, at_least=3.0).duration == 3.0


def test_going_nowhere_is_a_trajectory_too():
    trajectory = JointTrajectory.through("ab", [[0.3, 0.2], [0.3, 0.2]], VELOCITY, ACCELERATION)
    np.testing.assert_allclose(trajectory.sample(1.0)[0], [0.3, 0.2])


@pytest.mark.parametrize(
    ("times", "positions", "velocities", "message"),
    [
        ([0, 1], [[0, 0], [np.nan, 0]], None, "position of the trajectory is not finite"),
        ([0, np.inf], [[0, 0], [1, 0]], None, "time of the trajectory is not finite"),
        ([0, 1], [[0, 0], [1, 0]], [[0, 0], [0, np.nan]], "velocity of the trajectory is not finite"),
        ([1, 1], [[0, 0], [1, 0]], None, "increase"),
        ([-1, 1], [[0, 0], [1, 0]], None, "start at 0"),
        ([0, 1], [[0, 0]], None, "needs positions"),
        ([], [], None, "needs positions"),
    ],
)
def test_a_malformed_trajectory_is_refused(times, positions, velocities, message):
    with pytest.raises(InvalidTrajectory, match=message):
        JointTrajectory("ab", times, positions, velocities)


def test_joints_are_put_in_another_order_and_others_refused():
    trajectory = JointTrajectory("ba", [0, 1], [[1, 2], [3, 4]])
    assert trajectory.ordered(("a", "b")).positions.tolist() == [[2, 1], [4, 3]]
    for other in (("a", "c"), ("a",), ("a", "a")):
        with pytest.raises(InvalidTrajectory, match="The trajectory is for"):
            trajectory.ordered(other)


def test_a_profile_keeps_the_limits_at_every_moment_also_along_a_bent_path():
    rng = np.random.default_rng(1)
    for _ in range(50):
        trajectory = JointTrajectory.through("ab", rng.uniform(-1, 1, (4, 2)), VELOCITY, ACCELERATION)
        assert np.all(np.abs(trajectory.accelerations) <= ACCELERATION + 1e-9)
        assert np.all(np.abs(dense(trajectory)[2]) <= VELOCITY + 1e-9)
