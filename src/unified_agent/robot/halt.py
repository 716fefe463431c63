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
_AGAIN = 0.3
"""Seconds in which a stop that is said again ends: time enough where the first was lost."""


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
        self._measured: tuple[float, np.ndarray] | None = None
        self.done = ways == (None, None)

    def say(self, now: float, measured: tuple[float, np.ndarray] | None) -> list[tuple[bool, JointTrajectory]]:
        """Call every 50 ms: whether it is the gripper's, and the trajectory.

        Args:
            now: seconds, of the clock that the measurements are stamped with.
            measured: the newest measurement: its stamp, and the positions of the arm's joints and of the gripper's,
                (J + 1,); None where it is not known.
        """
        speed = None if measured is None else self._speed(*measured)
        if self.done:
            return []
        stops = [self._stop_arm(now, measured, speed), self._stop_gripper(now)]
        self._said += 1
        self.done = self._said >= _LAST
        return [(bool(part), stop) for part, stop in enumerate(stops) if stop is not None]

    def _speed(self, stamp: float, positions: np.ndarray) -> np.ndarray | None:
        """Of the arm's joints between the last two measurements, (J,); None where there are not two."""
        if self._measured is None:
            self._measured = stamp, positions
        elapsed = stamp - self._measured[0]
        if elapsed <= 0.0:
            return None
        speed = (positions - self._measured[1]) / elapsed
        self._measured = stamp, positions
        self._rests = self._rests + 1 if np.abs(speed).max() < _SLOW else 0
        self.done = self.done or self._rests >= _TIMES_AT_REST
        return speed[:-1]

    def _stop_arm(self, now: float, measured, speed: np.ndarray | None) -> JointTrajectory | None:
        if self._said > 0 and speed is not None and np.abs(speed).max() >= _SLOW:
            stamp, positions = measured
            return self._stop(0, positions[:-1] + speed * (now + LEAD - stamp), speed)
        return self._stop_model(0, now)

    def _stop_gripper(self, now: float) -> JointTrajectory | None:
        # Fingers are stopped by what they hold: where they are says nothing of their set point.
        return self._stop_model(1, now)

    def _stop_model(self, part: int, now: float) -> JointTrajectory | None:
        """By what was sent: once where it leads in a moment, then the same again."""
        if self._ends[part] is not None:
            return JointTrajectory(self._limits[part].joints, [_AGAIN], [self._ends[part]])
        if self._ways[part] is None:
            return None
        way, start = self._ways[part]
        time = now + LEAD - start
        # Before its begin: the clock went back, and where the joints are on their way is not known.
        return None if time < 0.0 else self._stop(part, *way.sample(time))

    def _stop(self, part: int, there: np.ndarray, velocity: np.ndarray) -> JointTrajectory:
        limits, share = self._limits[part], SHARES[min(self._said, len(SHARES) - 1)]
        trajectory = stopping(limits.joints, there, velocity, limits, share)
        self._ends[part] = trajectory.positions[-1]
        return trajectory
