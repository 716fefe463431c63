# SPDX-License-Identifier: Apache-2.0
"""A stop said through a topic, again and again until the joints rest: no single message that is lost undoes it."""

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.braking import stopping
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import JointTrajectory

LEAD = 0.03
"""Seconds from a measurement's time until what is said about it has arrived."""
SHARES = (0.6, 0.4, 0.3, 0.2)
"""Of the acceleration limits that the first stop, the second, ... asks for; the last of them from then on.

The less, the more the joints may have gone elsewhere than was thought when it arrives: a controller that refuses the
first takes a later one.
"""
_SLOW = 0.02
"""rad/s (m/s): slower is at rest."""
_LAST = 40
"""Times that it is said where nothing is measured any more."""
_TIMES_AT_REST = 3


class Halt:
    """What to send, until arm and gripper have come to rest.

    Each trajectory is one point at rest, to begin when it arrives: a joint_trajectory_controller rejects an empty one
    and one that has ended, and goes on with the old. The gripper rests at its set point, so what is held stays held.

    Args:
        arm: its data.
        ways: what was sent last to the arm and to the gripper, and when it began; None where nothing was.

    Attributes:
        done: whether both were measured at rest.
    """

    def __init__(
        self,
        arm: Arm,
        ways: tuple[tuple[JointTrajectory, float] | None, tuple[JointTrajectory, float] | None],
    ) -> None:
        self._limits = JointLimits.of_arm(arm), JointLimits.of_gripper(arm)
        self._ways = ways
        self._ends: list[np.ndarray | None] = [None, None]
        self._said = self._rests = 0
        self._stamp, self._measured = -np.inf, None
        self.done = ways == (None, None)

    def say(self, now: float, stamp: float, q: np.ndarray, gripper: float) -> list[tuple[bool, JointTrajectory]]:
        """Call every 50 ms: whether it is the gripper's, and the trajectory.

        Args:
            now: seconds, of the clock that the measurements are stamped with.
            stamp: of the newest measurement.
            q, gripper: its positions.
        """
        speed = self._speed(stamp, np.append(q, gripper))
        if self.done:
            return []
        said = []
        for part, way in enumerate(self._ways):
            if way is not None:
                said.append((bool(part), self._stop(part, *way, now, stamp, q, None if part else speed)))
        self._said += 1
        self.done = self._said >= _LAST
        return said

    def _speed(self, stamp: float, measured: np.ndarray) -> np.ndarray | None:
        """Of the arm's joints between the last two measurements, (J,); None where there was none."""
        if self._measured is None or stamp <= self._stamp:
            if self._measured is None:
                self._stamp, self._measured = stamp, measured
            return None
        speed = (measured - self._measured) / (stamp - self._stamp)
        self._stamp, self._measured = stamp, measured
        self._rests = self._rests + 1 if np.abs(speed).max() < _SLOW else 0
        self.done = self.done or self._rests >= _TIMES_AT_REST
        return speed[:-1]

    def _stop(self, part, way: JointTrajectory, start, now, stamp, q, speed) -> JointTrajectory:
        limits, share = self._limits[part], SHARES[min(self._said, len(SHARES) - 1)]
        if self._ends[part] is None:
            there, velocity = way.sample(now + LEAD - start)
        elif speed is not None and np.abs(speed).max() >= _SLOW:
            there, velocity = q + speed * (now + LEAD - stamp), speed
        else:
            return JointTrajectory(limits.joints, [0.1 / share], [self._ends[part]])
        trajectory = stopping(limits.joints, there, velocity, limits, share)
        self._ends[part] = trajectory.positions[-1]
        return trajectory
