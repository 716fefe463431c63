# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.robot.guard import LONGEST, MOST_POINTS, Guard, RefusedTrajectory
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

PERIOD = 0.02
ARM = Arm.load("fr3")
KINEMATICS = Kinematics(ARM)
HOME = ARM.home


class Joints:
    """An arm that is where it was told to be, but for ``off``."""

    def __init__(self):
        self.told = np.append(HOME, ARM.gripper_open)
        self.off = np.zeros(len(ARM.joints) + 1)
        self.written = []

    def read(self):
        return self.told + self.off

    def write(self, arm, gripper):
        self.told = np.append(arm.positions, gripper.positions)
        self.written.append(self.told)


@pytest.fixture
def joints():
    return Joints()


@pytest.fixture
def guard(joints):
    return Guard(ARM, KINEMATICS, joints, PERIOD)


def to(*points, times=(1.0,), velocities=None):
    return JointTrajectory(ARM.joints, times, points, velocities)


def step(guard, start, seconds):
    for k in range(round(seconds / PERIOD)):
        guard.step(start + k * PERIOD)
        guard.watch(start + k * PERIOD)


def below():
    """Joint positions with the tool under the table's top."""
    q = KINEMATICS.inverse([0.55, 0.0, 0.02], tolerance=1e-3)
    return q + 0.5 * (q - KINEMATICS.inverse([0.55, 0.0, 0.06], tolerance=1e-3))


FAR = HOME + np.eye(7)[0] * 0.5
REFUSED = {
    "far at once": (to(FAR, times=[0.2]), "acceleration limit of joint 'fr3_joint1'"),
    "a jump": (to(FAR, FAR, times=[0.0, 1.0]), "Plan from where the joints are"),
    "past the margin": (to(HOME + np.eye(7)[0] * (ARM.upper[0] - 0.01)), "position limit of joint 'fr3_joint1'"),
    "into the table": (to(below()), "outside its box in z"),
    "out of the box": (to(HOME + np.eye(7)[0] * 1.6, times=[3.0]), "outside its box in"),
    "other joints": (JointTrajectory(["a"], [1.0], [[0.0]]), "The trajectory is for"),
    "moving at its end": (to(HOME, velocities=[np.full(7, 0.1)]), "last velocity must be 0"),
    "too many points": (to(*[HOME] * (MOST_POINTS + 1), times=np.arange(1, MOST_POINTS + 2) / 100), "at most"),
    "hours": (to(HOME, times=[2 * LONGEST]), "within 600 s"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_breaks_a_rule_is_refused_whole_and_nothing_moves(guard, joints, why):
    trajectory, message = REFUSED[why]
    with pytest.raises(InvalidTrajectory, match=message):
        guard.command_arm(trajectory, now=0.0)
    step(guard, 0.0, 1.0)
    np.testing.assert_array_equal(joints.written[-1][:-1], HOME)


@pytest.mark.parametrize(
    ("start", "message"), [(8.9, "ended"), (7.0, "ago"), (12.0, "ahead"), (109.98, "99.98 s ahead"), (np.nan, "nan")]
)
def test_a_stamp_of_another_time_is_refused(guard, start, message):
    duration = 1.0 if message == "ended" else 5.0
    with pytest.raises(InvalidTrajectory, match=message):
        guard.command_arm(to(HOME, times=[duration]), now=10.0, start=start)


def test_what_is_refused_leaves_the_one_before_running(guard, joints):
    guard.command_arm(to(HOME + 0.1), now=0.0)
    with pytest.raises(InvalidTrajectory):
        guard.command_arm(to(FAR, times=[0.1]), now=0.5)
    step(guard, 0.5, 1.0)
    np.testing.assert_allclose(joints.written[-1][:-1], HOME + 0.1)


def test_an_overshooting_spline_is_refused_not_clamped(guard):
    edge = HOME + np.eye(7)[0] * (ARM.soft_limits[1][0] - 0.02)
    guard._fence.box[:, :] = [[-2, 2]] * 3
    guard._arm.reset(edge)
    guard.seam.told[:7] = edge
    over = to(edge, edge, times=[0.5, 1.0], velocities=[np.eye(7)[0], np.zeros(7)])
    with pytest.raises(InvalidTrajectory, match="position limit"):
        guard.command_arm(over, now=0.0)


def test_set_points_keep_the_limits_over_a_replacement_in_mid_motion(guard, joints):
    guard.command_arm(to(HOME + 0.2), now=0.0)
    step(guard, 0.0, 0.5)
    guard.command_arm(to(HOME - 0.1, times=[1.5]), now=0.5)
    step(guard, 0.5, 1.6)
    points = np.array(joints.written)[:, :-1]
    assert np.all(np.abs(np.diff(points, axis=0)) <= ARM.max_velocity * PERIOD)
    assert np.all(np.abs(np.diff(points, n=2, axis=0)) <= 1.0001 * ARM.max_acceleration * PERIOD**2)
    np.testing.assert_allclose(points[-1], HOME - 0.1)


def test_a_stop_rests_the_arm_and_the_gripper_and_is_latched_until_released(guard, joints):
    guard.command_arm(to(HOME + 0.2), now=0.0)
    guard.command_gripper(JointTrajectory(ARM.gripper_joints[:1], [1.5], [[0.0]]), now=0.0)
    step(guard, 0.0, 0.5)
    guard.stop(0.5)
    step(guard, 0.5, 1.0)
    rest = joints.written[-1]
    assert np.all(np.array(joints.written[-40:]) == rest)
    assert 0.0 < rest[-1] < 0.04
    for command, trajectory in (
        (guard.command_arm, to(HOME)),
        (guard.command_gripper, JointTrajectory(ARM.gripper_joints[:1], [1.5], [[0.04]])),
    ):
        with pytest.raises(RefusedTrajectory, match="Resume first"):
            command(trajectory, now=1.5)
    guard.release()
    guard.command_arm(to(HOME), now=1.5)


def test_joints_that_do_not_follow_are_given_up_and_pushed_no_longer(guard, joints):
    guard.command_arm(to(HOME + 0.2), now=0.0)
    joints.off[3] = ARM.fence.following + 0.05
    step(guard, 0.0, ARM.fence.following_time + 0.1)
    assert "from its set point" in guard.latched
    assert joints.written[-1][3] - HOME[3] > ARM.fence.following
    with pytest.raises(RefusedTrajectory, match="something is in the way"):
        guard.command_arm(to(HOME), now=1.0)


def test_a_short_lag_stops_nothing(guard, joints):
    guard.command_arm(to(HOME + 0.2), now=0.0)
    joints.off[3] = ARM.fence.following + 0.05
    step(guard, 0.0, 0.5 * ARM.fence.following_time)
    joints.off[3] = 0.0
    step(guard, 0.5 * ARM.fence.following_time, 1.0)
    assert guard.latched == ""


def test_an_arm_that_is_not_where_its_set_point_is_is_not_commanded(guard, joints):
    joints.off[2] = 0.3
    with pytest.raises(RefusedTrajectory, match="Joint 'fr3_joint3' is measured at"):
        guard.command_arm(to(HOME), now=0.0)


def test_a_measurement_that_is_no_number_is_not_acted_on(guard, joints):
    joints.off[2] = np.nan
    with pytest.raises(RefusedTrajectory, match="Joint 'fr3_joint3'"):
        guard.command_arm(to(HOME), now=0.0)


def test_joints_outside_the_margin_may_be_led_back(guard, joints):
    outside = HOME + np.eye(7)[4] * (ARM.upper[4] - 0.02)
    guard.reset(outside, ARM.gripper_open, now=0.0)
    guard.command_arm(to(HOME, times=[4.0]), now=0.0)
