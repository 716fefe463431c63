# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.robot.guard import Guard
from unified_agent.robot.halt import Halt
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

ARM = Arm.load("fr3")
AWAY = JointTrajectory.through(
    ARM.joints,
    [ARM.home, ARM.home + 0.05 + 0.5 * np.eye(7)[0]],
    ARM.pace.stop_time * ARM.max_acceleration,
    0.9 * ARM.max_acceleration,
)
GRIP = JointTrajectory(ARM.gripper_joints[:1], [0.0, 1.5], [[0.04], [0.0]])


class FarArm:
    """An arm behind a guard and a topic: what is said reaches it late, and some of it never."""

    def __init__(self, delay, lost=0):
        self.told = np.append(ARM.home, ARM.gripper_open)
        self.guard, self.delay, self.lost = Guard(ARM, Kinematics(ARM), self), delay, lost
        self.guard.command_arm(AWAY, 0.0)
        self.guard.command_gripper(GRIP, 0.0)
        self.on_the_way, self.refused = [], 0

    def read(self):
        return self.told

    def write(self, arm, gripper):
        self.told = np.append(arm.positions, gripper.positions)

    def run(self, stop_at):
        """Seconds from the stop until both rest, and how often it was said."""
        halt, said, moved = None, 0, stop_at
        for tick in range(1, 120):
            now = tick * 0.02
            before = self.told
            self.guard.step(now)
            if np.abs(self.told - before).max() > 1e-6 and now > stop_at:
                moved = now
            if halt is None and now >= stop_at:
                halt = Halt(ARM, ((AWAY, 0.0), (GRIP, 0.0)))
            if halt is not None and not halt.done and tick % 3 == 0:
                # What is measured is a period old.
                stops = halt.say(now, (now - 0.02, before))
                said += bool(stops)
                self.on_the_way += [(now + self.delay, stop) for stop in (stops if said > self.lost else [])]
            self._receive(now)
        assert halt.done
        return moved - stop_at, said

    def _receive(self, now):
        for due, (gripper, trajectory) in list(self.on_the_way):
            if due <= now:
                self.on_the_way.remove((due, (gripper, trajectory)))
                try:
                    (self.guard.command_gripper if gripper else self.guard.command_arm)(trajectory, now)
                except InvalidTrajectory:
                    self.refused += 1


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.04, 0.06, 0.1])
def test_it_brings_arm_and_gripper_to_rest_however_late_it_arrives(delay):
    arm = FarArm(delay)
    rest, _ = arm.run(stop_at=0.3)
    assert rest < (0.45 if delay < 0.1 else 0.8)
    assert 0.0 < arm.told[-1] < 0.04
    assert np.abs(arm.told[:-1] - AWAY.positions[-1]).max() > 0.02


def test_a_way_that_is_about_to_end_is_not_led_farther():
    arm = FarArm(0.02)
    arm.run(stop_at=AWAY.duration - 0.06)
    np.testing.assert_allclose(arm.told[:-1], AWAY.positions[-1], atol=1e-6)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_the_first_that_are_lost_undo_nothing(lost):
    arm = FarArm(0.02, lost=lost)
    arm.run(stop_at=0.2)
    assert 0.005 < arm.told[-1] < 0.04


def test_it_ends_soon_after_the_joints_rest():
    _, said = FarArm(0.02).run(stop_at=0.3)
    assert said < 12


def test_a_clock_that_went_back_sends_nothing_to_where_the_way_began():
    halt = Halt(ARM, ((AWAY, 100.0), None))
    assert halt.say(3.0, None) == []


def test_without_a_way_there_is_nothing_to_stop():
    assert Halt(ARM, (None, None)).done
