# SPDX-License-Identifier: Apache-2.0
"""Pick and place: from a point on the table to the joint trajectories that do it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics, Unreachable
from unified_agent.robot.trajectory import JointTrajectory
from unified_agent.state import OBJECT_SIZE, Action, State

_OPEN = 0.1
"""Of the gripper's travel: one this near to its end is open."""
_CLEARANCE = 0.004
"""Objects are let go this far above what they will lie on, metres."""


@dataclass(frozen=True)
class Move:
    """One trajectory of a motion.

    Attributes:
        name: "open", "clear", "above", "down", "close" or "up".
        trajectory: of the arm's joints, or of the first gripper joint.
        gripper: whether it is the gripper's.
        seconds: until the next move may begin.
        retreat: set on a guarded move: joint positions (J,) to go back to when something is in the way.
        waits: whether a grip that is going on must have ended before it begins; a grip always waits for the last.
    """

    name: str
    trajectory: JointTrajectory
    gripper: bool
    seconds: float
    retreat: np.ndarray | None = None
    waits: bool = False


class Motions:
    """Plans the two motions an action can mean.

    Args:
        arm: its data.
        kinematics: of that arm.
        object_size: edge of the objects, metres.
        speed_scale: in (0, 1], besides the arm's own: speeds are multiplied by it, accelerations by its square.
    """

    def __init__(
        self, arm: Arm, kinematics: Kinematics, object_size: float = OBJECT_SIZE, speed_scale: float = 1.0
    ) -> None:
        self._arm, self._kinematics, self._size = arm, kinematics, object_size
        pace = arm.pace
        self._scale = speed_scale * pace.speed_scale
        self._velocity = self._scale * np.minimum(pace.share * arm.max_velocity, pace.stop_time * arm.max_acceleration)
        self._acceleration = self._scale**2 * pace.share * arm.max_acceleration

    def act(self, action: Action, state: State, q: np.ndarray, gripper: float | None = None) -> list[Move]:
        """What an action means in a state: pick there, or place there what is held; arguments as for ``pick``."""
        return self.place(action, state, q) if state.holding else self.pick(action, state, q, gripper)

    def pick(self, action: Action, state: State, q: np.ndarray, gripper: float | None = None) -> list[Move]:
        """Open, above (x, y), down to what is there, close, up.

        Args:
            action: (x, y) in base_link, metres.
            state: the heights of what is there come from it.
            q: measured joint positions, shape (J,).
            gripper: measured position of the gripper; one that is not known to be open is waited for before the way
                down: half open it would hit what it should grasp.

        Raises:
            Unreachable: the target or the state is not finite, or the tool cannot get there.
        """
        x, y = self._checked(action, state)
        there = [p[2] for p in state.objects.values() if self._over((x, y), p, 0.5 * self._size + 0.008)]
        height = max(there, default=0.5 * self._size)
        across, down, up = self._arm_moves((x, y, height), state, q)
        arm = self._arm
        opened = gripper is not None and abs(gripper - arm.gripper_open) < _OPEN * abs(
            arm.gripper_open - arm.gripper_closed
        )
        down = replace(down, waits=not opened)
        return [self._grip("open", 0.0), *across, down, self._grip("close"), up]

    def place(self, action: Action, state: State, q: np.ndarray) -> list[Move]:
        """Above (x, y), down until what is held lies on what is there, open, up; arguments as for ``pick``."""
        x, y = self._checked(action, state)
        held = min(state.objects, key=lambda name: np.linalg.norm(state.objects[name] - state.tool), default=None)
        offset = 0.0 if held is None else state.tool[2] - state.objects[held][2]
        others = [p for name, p in state.objects.items() if name != held]
        tops = [p[2] + 0.5 * self._size for p in others if self._over((x, y), p, 0.75 * self._size)]
        height = max(tops, default=0.0) + 0.5 * self._size + offset + _CLEARANCE
        across, down, up = self._arm_moves((x, y, height), state, q)
        return [*across, down, self._grip("open"), up]

    def _checked(self, action: Action, state: State) -> tuple[float, float]:
        target = np.asarray(action, dtype=float)
        if target.shape != (2,) or not np.isfinite(target).all():
            raise Unreachable(f"A target is two finite numbers (x, y) in metres, not {action}.")
        if not state.finite:
            raise Unreachable("A position in the state is not finite: nothing is moved until it is.")
        return float(target[0]), float(target[1])

    @staticmethod
    def _over(xy: tuple[float, float], position: np.ndarray, reach: float) -> bool:
        return abs(xy[0] - position[0]) < reach and abs(xy[1] - position[1]) < reach

    def _arm_moves(self, target, state: State, q: np.ndarray) -> tuple[list[Move], Move, Move]:
        """The moves to above the target, down to it and up again."""
        tool, above, target = state.tool, np.array([*target[:2], self._arm.hover]), np.array(target)
        across = []
        if tool[2] < self._arm.hover - 0.02:
            high = np.array([*tool[:2], self._arm.hover])
            path = self._line(q, tool, high, spacing=0.1)
            across.append(self._arm_move("clear", path, tool, high, self._arm.pace.vertical))
            tool, q = high, path[-1]
        path = self._line(q, tool, above, spacing=0.15)
        across.append(self._arm_move("above", path, tool, above, self._arm.pace.across))
        path = self._line(path[-1], above, target, spacing=0.1)
        down = self._arm_move("down", path, above, target, self._arm.pace.vertical, retreat=path[0])
        return across, down, Move("up", down.trajectory.reversed(), gripper=False, seconds=down.seconds)

    def _line(self, q: np.ndarray, start: np.ndarray, end: np.ndarray, spacing: float) -> list[np.ndarray]:
        """Joint positions along a straight line of the tool, beginning with ``q``."""
        path = [np.asarray(q, dtype=float)]
        count = max(1, int(np.ceil(np.linalg.norm(end - start) / spacing)))
        for fraction in np.arange(1, count + 1) / count:
            path.append(self._kinematics.inverse(start + fraction * (end - start), seed_q=path[-1]))
        return path

    def _arm_move(self, name: str, path: Sequence[np.ndarray], start, end, pace, retreat=None) -> Move:
        speed, acceleration = self._scale * pace[0], self._scale**2 * pace[1]
        distance = float(np.linalg.norm(end - start))
        speed = min(speed, np.sqrt(acceleration * distance))
        trajectory = JointTrajectory.through(
            self._arm.joints,
            path,
            self._velocity,
            self._acceleration,
            at_least=distance / speed + speed / acceleration if speed > 0 else 0.0,
        )
        return Move(name, trajectory, gripper=False, seconds=trajectory.duration, retreat=retreat)

    def _grip(self, name: str, seconds: float | None = None) -> Move:
        arm = self._arm
        position = arm.gripper_open if name == "open" else arm.gripper_closed
        travel = abs(arm.gripper_open - arm.gripper_closed)
        # From rest to rest along a cubic, whose acceleration is 6 travel / duration^2 at its ends.
        hardest = arm.pace.share * arm.gripper_acceleration
        duration = max(travel / (arm.pace.grip * arm.gripper_velocity), math.sqrt(6 * travel / hardest)) / self._scale
        trajectory = JointTrajectory(arm.gripper_joints[:1], [duration], [[position]])
        return Move(name, trajectory, True, duration + arm.pace.settle if seconds is None else seconds, waits=True)
