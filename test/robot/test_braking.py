# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.robot.braking import brake, stopping
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import JointTrajectory

PERIOD = 0.02


@pytest.fixture(scope="module")
def arm():
    return Arm.load("fr3")


@pytest.fixture(scope="module")
def way(arm):
    """Out to the limits of a joint and turned there, at nearly full speed and acceleration."""
    _, upper = arm.soft_limits
    far = arm.home + 0.3
    far[0] = upper[0]
    return JointTrajectory.through(arm.joints, [arm.home, far], 0.99 * arm.max_velocity, 0.99 * arm.max_acceleration)


def braked(way, arm, time):
    """The set points from two periods before ``time``."""
    points = brake(lambda t: way.sample(t)[0], way.sample(time - PERIOD)[0], time, arm.max_acceleration, PERIOD)
    return np.vstack([way.sample(time - 2 * PERIOD)[0], way.sample(time - PERIOD)[0], points, points[-1]])


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.9, 0.97])
def test_a_brake_at_any_moment_keeps_every_limit_that_the_way_keeps(way, arm, share):
    points = braked(way, arm, 0.04 + share * (way.duration - 0.04))
    velocities = np.diff(points, axis=0) / PERIOD
    accelerations = np.diff(velocities, axis=0) / PERIOD
    assert np.all(np.abs(velocities) <= 1.0001 * arm.max_velocity)
    assert np.all(np.abs(accelerations) <= 1.0001 * arm.max_acceleration)
    assert np.all(points <= arm.soft_limits[1] + 1e-9)
    assert np.all(velocities[-1] == 0)


def test_a_brake_stays_on_the_way(way, arm):
    points = braked(way, arm, 0.5 * way.duration)
    dense = way.samples(np.linspace(0, way.duration, 20_001))[0]
    off = [np.abs(dense - point).max(axis=1).min() for point in points]
    assert max(off) < 1e-3


def test_a_brake_is_as_hard_as_the_joints_may(way, arm):
    time = 0.5 * way.duration
    fastest = np.abs(way.sample(time)[1] / arm.max_acceleration).max()
    assert len(braked(way, arm, time)) - 3 <= fastest / PERIOD + 2


def test_joints_at_rest_are_braked_at_once(arm):
    points = brake(lambda time: arm.home, arm.home, 0.0, arm.max_acceleration, PERIOD)
    assert np.array_equal(points, [arm.home, arm.home])


def test_a_stop_that_is_sent_is_one_point_at_rest_that_has_not_ended_when_it_arrives(arm):
    limits = JointLimits.of_arm(arm)
    velocity = np.array([0.5, -0.9, 0.2, 0.3, 0.0, 0.8, 0.1])
    stop = stopping(arm.joints, arm.home, velocity, limits, share=0.6)
    assert len(stop.times) == 1
    assert stop.duration == pytest.approx(0.9 / 6.0)
    np.testing.assert_allclose(stop.positions[0], arm.home + 0.5 * stop.duration * velocity)
    assert stopping(arm.joints, arm.home, np.zeros(7), limits, share=0.6).duration >= 0.1
