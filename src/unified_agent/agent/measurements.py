# SPDX-License-Identifier: Apache-2.0
"""What was measured last, each joint and object with its own age, and whether it may be acted on."""

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

STALE = 0.5
"""Seconds after which a joint, or an object that the sub-goal speaks of, is too old to act on; by its stamp and by
the wall clock."""
AHEAD = 0.5
"""Seconds that a stamp may lie in the future: another machine's clock, or a clock that is heard late."""
REMEMBERED = 10.0
"""Seconds for which an object that the sub-goal does not speak of may be out of sight."""


class _Value(NamedTuple):
    value: np.ndarray | float
    stamp: float
    wall: float


class Measurements:
    """The newest values; they may come in parts, from several publishers, each with its own stamp.

    Times are seconds of the graph's clock (stamps, ``now``) and of the wall's monotonic clock (``wall``).

    Args:
        joints: names of the arm's J joints.
        gripper: name of the gripper joint.
        objects: names of the objects that the state is made of.
    """

    def __init__(self, joints: Sequence[str], gripper: str, objects: Sequence[str]):
        self._names = (*joints, gripper)
        self._object_names = tuple(objects)
        self._joints: dict[str, _Value] = {}
        self._objects: dict[str, _Value] = {}

    def clear(self) -> None:
        """Forget everything: what was measured before says nothing of now."""
        self._joints.clear()
        self._objects.clear()

    def joint(self, name: str, position: float, stamp: float, wall: float) -> bool:
        """A joint's position, rad or m; whether it is one of ours. One that is not finite makes the joint unknown."""
        if name not in self._names:
            return False
        if math.isfinite(position):
            self._joints[name] = _Value(position, stamp, wall)
        else:
            self._joints.pop(name, None)
        return True

    def seen(self, name: str, position: np.ndarray, stamp: float, wall: float) -> None:
        """An object's position (3,), metres in ``base_link``; one that is not finite makes the object unknown."""
        if name not in self._object_names:
            return
        if np.isfinite(position).all():
            self._objects[name] = _Value(position, stamp, wall)
        else:
            self._objects.pop(name, None)

    @property
    def complete(self) -> bool:
        """Whether every joint has a position, however old."""
        return len(self._joints) == len(self._names)

    @property
    def q(self) -> np.ndarray:
        """Positions of the arm's joints, shape (J,); only where there is no `trouble`."""
        return np.array([self._joints[name].value for name in self._names[:-1]])

    @property
    def gripper(self) -> float:
        """Position of the gripper joint, as `q`."""
        return self._joints[self._names[-1]].value

    @property
    def objects(self) -> dict[str, np.ndarray]:
        """Name -> position (3,), as `q`."""
        return {name: self._objects[name].value for name in self._object_names}

    @property
    def stamp(self) -> float:
        """Of the arm's joints: the oldest of their stamps, seconds."""
        return min(self._joints[name].stamp for name in self._names[:-1])

    def trouble(self, now: float, wall: float, needed: Collection[str] = ()) -> str:
        """Why this must not be acted on; empty where it may.

        Args:
            now: the graph's time.
            wall: the wall clock's.
            needed: names of the objects that the sub-goal speaks of; the others may be out of sight for a while.
        """
        missing = [name for name in self._names if name not in self._joints]
        if missing:
            return f"joint states: no finite position of {', '.join(missing)}"
        for name in self._names:
            if why := _wrong(self._joints[name], now, wall, STALE):
                return f"joint states: {name} {why}"
        unseen = [name for name in self._object_names if name not in self._objects]
        if unseen:
            return f"objects: no finite position of the object(s) {', '.join(unseen)}"
        for name in self._object_names:
            limit = STALE if name in needed else REMEMBERED
            if why := _wrong(self._objects[name], now, wall, limit):
                return f"objects: the {name} object {why}"
        return ""


def _wrong(value: _Value, now: float, wall: float, limit: float) -> str:
    if now - value.stamp < -AHEAD:
        return (
            f"is stamped {value.stamp - now:.2f} s ahead of this node's clock (limit {AHEAD} s): "
            "compare the machines' clocks, and use_sim_time"
        )
    age = max(now - value.stamp, wall - value.wall)
    return f"is {age:.2f} s old (limit {limit} s)" if age > limit else ""
