# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.robot.braking import brake


@pytest.fixture(scope="module")
def arm():
    return Arm.load("fr3")


def test_a_moving_arm_comes_to_rest_ahead_without_exceeding_its_acceleration(arm):
    velocity = np.array([0.5, -1.0, 0.2, 0.3, 0.0, 2.0, 0.1])
    trajectory = brake(arm, arm.home, velocity)
    times = np.linspace(0, trajectory.duration, 500, endpoint=False)
    speeds = np.array([trajectory.sample(time)[1] for time in times])
    np.testing.assert_allclose(speeds[0], velocity)
    assert np.all(np.abs(speeds[-1]) < 0.02)
    deceleration = np.abs(np.diff(speeds, axis=0)) / times[1]
    assert np.all(deceleration <= 1.01 * arm.max_acceleration)
    assert np.all(np.sign(trajectory.positions[-1] - arm.home) == np.sign(velocity))


def test_an_arm_at_rest_stays_where_it_is(arm):
    np.testing.assert_array_equal(brake(arm, arm.home, np.zeros(7)).positions[-1], arm.home)


def test_braking_ends_at_a_joint_limit_at_the_latest(arm):
    near = arm.home.copy()
    near[0] = arm.upper[0] - 0.01
    velocity = np.zeros(7)
    velocity[0] = 2.0
    assert brake(arm, near, velocity).positions[-1][0] == arm.upper[0]
