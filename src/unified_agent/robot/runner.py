# SPDX-License-Identifier: Apache-2.0
"""Runs a motion move by move, in the simulator and through the graph alike."""

import math
from collections.abc import Sequence

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.motions import Move
from unified_agent.robot.trajectory import JointTrajectory


class MotionRunner:
    """Says which move to begin when; knows no clock and no robot.

    A move begins when the one before has ended and the arm has arrived: commands that reach it
    late delay the motion, and never cut a corner. On a guarded move the measured joints must follow
    the trajectory; where they do not, the arm goes back to the move's retreat and the motion has
    failed. It has failed too, and the arm stays where it is, where an end is not arrived at.

    Args:
        arm: its data.
        moves: of ``Motions``.

    Attributes:
        failed: why the motion failed, or None.
    """

    def __init__(self, arm: Arm, moves: Sequence[Move]) -> None:
        self._arm, self._pace = arm, arm.pace
        self._waiting = list(moves)
        self._now: Move | None = None
        self._start = 0.0
        self._grip_end, self._stirred = -math.inf, False
        self.failed: str | None = None

    @property
    def done(self) -> bool:
        """Whether the last move has ended, or was given up and retreated from."""
        return self._now is None and not self._waiting

    @property
    def move(self) -> Move | None:
        """The move that is going on."""
        return self._now

    def patience(self, now: float) -> float:
        """Seconds from ``now`` for which ``step`` would have nothing to say: none while a guarded move is watched."""
        if self._now is None or self._now.retreat is not None:
            return 0.0
        return self._start + self._now.seconds - now

    def step(self, now: float, joint_positions: np.ndarray) -> list[Move]:
        """The moves to send at ``now``, in order.

        Args:
            now: seconds; the time of ``joint_positions``. The trajectories' zero is this time.
            joint_positions: the arm's, measured, shape (J,).
        """
        if self._now is not None and self._blocked(now, joint_positions):
            self.failed = f"something is in the way on the way {self._now.name}"
            self._waiting = [self._retreat(now - self._start, self._now)]
            self._now = None
        elif (
            self._now is not None
            and not self._gripping(now)
            and self._overdue(now) > self._pace.overdue
            and not self._arrived(joint_positions)
        ):
            self.failed = f"the arm did not get to the end of the way {self._now.name}"
            self._waiting, self._now = [self._stay(joint_positions)], None
        begun = []
        while self._now is None or (self._overdue(now) >= -1e-9 and self._arrived(joint_positions)):
            if self._gripping(now):
                break
            self._now = self._waiting.pop(0) if self._waiting else None
            if self._now is None:
                break
            self._start, self._stirred = now, False
            if self._now.gripper:
                self._grip_end = now + self._now.trajectory.duration
            begun.append(self._now)
        return begun

    def give_up(self, why: str) -> None:
        """A move was refused: nothing more is begun."""
        self.failed, self._waiting, self._now = why, [], None

    def _under_way(self, now: float, joint_positions: np.ndarray) -> bool:
        """Whether the arm has begun a guarded move; a command that reached it late is judged from when it did."""
        if self._stirred:
            return True
        way, time = self._now.trajectory, now - self._start
        if np.abs(joint_positions - way.positions[0]).max() <= self._pace.arrived:
            return time >= self._pace.overdue
        self._stirred = True
        times = np.arange(0.0, time + _STEP, _STEP)
        nearest = float(times[np.argmin(np.abs(way.samples(times)[0] - joint_positions).max(axis=1))])
        if time - nearest > _PROMPT:
            self._start = now - nearest
        return True

    def _gripping(self, now: float) -> bool:
        """Whether the next move waits for a grip to end."""
        return bool(self._waiting) and self._waiting[0].waits and now < self._grip_end - 1e-9

    def _overdue(self, now: float) -> float:
        """Seconds since the present move should have ended."""
        return now - self._start - self._now.seconds

    def _arrived(self, joint_positions: np.ndarray) -> bool:
        if self._now.gripper:
            return True
        return bool(np.abs(joint_positions - self._now.trajectory.positions[-1]).max() <= self._pace.arrived)

    def _stay(self, joint_positions: np.ndarray) -> Move:
        """From where the arm should be to where it is."""
        there = np.clip(joint_positions, *self._arm.soft_limits)
        return self._way("stay", [self._now.trajectory.positions[-1], there])

    def _blocked(self, now: float, joint_positions: np.ndarray) -> bool:
        if self._now.retreat is None or not self._under_way(now, joint_positions):
            return False
        wanted, _ = self._now.trajectory.sample(now - self._start)
        return bool(np.abs(joint_positions - wanted).max() > self._pace.blocked)

    def _retreat(self, time: float, move: Move) -> Move:
        """From where a move is after ``time`` s: brake, then go back to its retreat."""
        q, velocity = move.trajectory.sample(time)
        braking = float(np.max(np.abs(velocity) / self._arm.max_acceleration)) / self._pace.share
        rest = q + 0.5 * braking * velocity
        back = self._way("retreat", [rest, move.retreat])
        if braking < _SLOW:
            return back
        way = back.trajectory
        trajectory = JointTrajectory(
            way.joints,
            np.concatenate([[0.0], braking + way.times]),
            np.vstack([q, way.positions]),
            np.vstack([velocity, way.velocities]),
        )
        return Move("retreat", trajectory, gripper=False, seconds=trajectory.duration)

    def _way(self, name: str, way_points: Sequence[np.ndarray]) -> Move:
        arm = self._arm
        velocity = np.minimum(_GENTLE * arm.max_velocity, self._pace.stop_time * arm.max_acceleration)
        trajectory = JointTrajectory.through(arm.joints, way_points, velocity, _GENTLE * arm.max_acceleration)
        return Move(name, trajectory, gripper=False, seconds=trajectory.duration)


_STEP, _PROMPT = 0.01, 0.04
"""Seconds: how finely the begin of a move is told, and a delay that is none."""
_GENTLE = 0.4
"""Of the joints' limits, on a way that was not planned for."""
_SLOW = 1e-3
"""Seconds: what is braked in less hardly moves."""
