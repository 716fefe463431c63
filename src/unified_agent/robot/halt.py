# SPDX-License-Identifier: Apache-2.0
"""A stop said through a topic, again and again until the joints rest: no single message that is lost undoes it."""

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.braking import stopping
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import JointTrajectory

LEAD = 0.03
"""Seconds from a measurement's time until what is said about it has arrived."""
SHARES = (0.45, 0.3, 0.2)
"""Of the acceleration limits that the first stop, the second, ... asks for; the last of them from then on.

The less, the more the joints may have gone elsewhere than was thought when it arrives: a controller that refuses the
first takes a later one.
"""
GRIPPER_SHARES = (0.2, 0.1)
"""The same for the gripper, which is slow, and lighter than its motor."""
_SLOW = 0.02, 0.002
"""rad/s of the arm's joints, m/s of the gripper's: slower is at rest."""
_LAST = 40
"""Times that it is said where nothing is measured any more."""
_TIMES_AT_REST = 3
_BRIEF, _AGAIN = 0.05, 0.3
"""Seconds that a stop which is said again lasts at least, and where the first may have been lost."""
_AS_FAST = 0.75
"""Of the speed that a stop was reckoned with: joints as fast as this after it are not being stopped."""


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
        # Where each comes to rest and when, and how often that was reckoned.
        self._ends: list[tuple[np.ndarray, float] | None] = [None, None]
        self._reckoned = [0, 0]
        # The speed that it was reckoned with, when it must be seen to have an effect, and when the newest was measured.
        self._speed_then, self._seen, self._middle = [0.0, 0.0], [np.inf, np.inf], -np.inf
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
        speeds = (None, None) if measured is None else self._speeds(*measured)
        if self.done:
            return []
        stops = [self._stop_again(part, now, measured, speed) for part, speed in enumerate(speeds)]
        self._said += 1
        self.done = self._said >= _LAST
        return [(bool(part), stop) for part, stop in enumerate(stops) if stop is not None]

    def _speeds(self, stamp: float, positions: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Of the arm's joints (J,) and the gripper's (1,) between the last two measurements; None without two."""
        if self._measured is None:
            self._measured = stamp, positions
        elapsed = stamp - self._measured[0]
        if elapsed <= 0.0:
            return None, None
        most = np.append(self._limits[0].velocity, self._limits[1].velocity)
        # More than a joint can do is an error of the measurement.
        speed = np.clip((positions - self._measured[1]) / elapsed, -most, most)
        self._middle = stamp - 0.5 * elapsed
        self._measured = stamp, positions
        arm, gripper = speed[:-1], speed[-1:]
        still = np.abs(arm).max() < _SLOW[0] and np.abs(gripper).max() < _SLOW[1]
        self._rests = self._rests + 1 if still else 0
        self.done = self.done or self._rests >= _TIMES_AT_REST
        return arm, gripper

    def _stop_again(self, part: int, now: float, measured, speed: np.ndarray | None) -> JointTrajectory | None:
        if not self._unheard(part, speed):
            return self._stop_model(part, now)
        # Reckon again, from where the joints are.
        stamp, positions = measured
        positions = positions[-1:] if part else positions[:-1]
        return self._stop(part, now, positions + speed * (now + LEAD - stamp), speed)

    def _unheard(self, part: int, speed: np.ndarray | None) -> bool:
        """Whether joints are as fast as ever after the time by which a stop that was heard had nearly ended.

        Fingers that something holds are slow, whatever their set point does: they are told the same again.
        """
        if self._ends[part] is None or speed is None or self._middle < self._seen[part]:
            return False
        return bool(np.abs(speed).max() > max(_SLOW[part], _AS_FAST * self._speed_then[part]))

    def _stop_model(self, part: int, now: float) -> JointTrajectory | None:
        """By what was sent: once where it leads in a moment, then the same end again."""
        if self._ends[part] is not None:
            end, time = self._ends[part]
            # The rest of the stop that is going on; after its end, every other time, one for where it was lost.
            left = max(_BRIEF, time - now) if now < time or self._said % 2 else _AGAIN
            return JointTrajectory(self._limits[part].joints, [left], [end])
        if self._ways[part] is None:
            return None
        way, start = self._ways[part]
        time = now + LEAD - start
        # Before its begin: the clock went back, and where the joints are on their way is not known.
        if time < 0.0:
            return None
        stop = self._stop(part, now, *way.sample(time))
        left = way.duration - time
        if left > stop.duration:
            return stop
        # It comes to rest by itself, and no farther on.
        stop = JointTrajectory(stop.joints, [max(_BRIEF, left)], [way.positions[-1]])
        self._ends[part] = stop.positions[-1], now + LEAD + stop.duration
        return stop

    def _stop(self, part: int, now: float, there: np.ndarray, velocity: np.ndarray) -> JointTrajectory:
        shares = (SHARES, GRIPPER_SHARES)[part]
        share = shares[min(self._reckoned[part], len(shares) - 1)]
        self._reckoned[part] += 1
        trajectory = stopping(self._limits[part].joints, there, velocity, self._limits[part], share)
        self._ends[part] = trajectory.positions[-1], now + LEAD + trajectory.duration
        self._speed_then[part] = float(np.abs(velocity).max())
        self._seen[part] = now + 2 * LEAD + 0.75 * trajectory.duration
        return trajectory
