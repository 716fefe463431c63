# SPDX-License-Identifier: Apache-2.0
"""Where an arm picked and placed, read from its gripper: nobody has to have said so at the time."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from unified_agent.robot.arm import Arm

STILL = 0.3
"""Seconds for which a gripper that closed on something stands still; opening and closing it is on the move."""
MOVES = 0.03
"""Of a gripper's travel: by more than this it moves in that time."""
LEVEL = 0.005
"""Metres below its highest point at which the tool still counts as above everything, between two decisions."""


class Grip(Enum):
    """How a gripper stands."""

    OPEN = "open"
    HELD = "held"
    SHUT = "shut"


class Change(Enum):
    """What a gripper did: closed on something, closed on nothing, let go, or lost what it held."""

    PICK = (Grip.OPEN, Grip.HELD)
    MISS = (Grip.OPEN, Grip.SHUT)
    PLACE = (Grip.HELD, Grip.OPEN)
    LOSS = (Grip.HELD, Grip.SHUT)


@dataclass(frozen=True)
class Track:
    """What was measured of an arm, a row a measurement of its gripper.

    Attributes:
        times: seconds, rising, (N,).
        tools: positions of the tool, metres in ``base_link``, (N, 3).
        grips: positions of the first gripper joint, (N,).
    """

    times: np.ndarray
    tools: np.ndarray
    grips: np.ndarray

    def up(self, begin: int, end: int) -> int:
        """The first row after ``begin`` and before ``end`` in which the tool is as high as it gets between them.

        Not a later one: the tool would be on its way to the next place already, and a policy would learn to act
        wherever it is.
        """
        heights = self.tools[begin + 1 : end, 2]
        return begin + 1 + int(np.argmax(heights >= heights.max() - LEVEL)) if len(heights) else begin

    def leaves(self, row: int, end: int, reach: float = 0.01) -> int:
        """The first row after ``row`` in which the tool is more than ``reach`` from where it was; at most ``end``."""
        away = np.linalg.norm(self.tools[row:end] - self.tools[row], axis=1) > reach
        return row + int(np.argmax(away)) if away.any() else end


def changes(track: Track, arm: Arm) -> list[tuple[int, Change]]:
    """What the gripper did, and the first row in which it had, in the order of time.

    What it holds when the recording begins was not picked in it.
    """
    stretches = _stretches(track, arm)
    found = []
    for (before, _), (after, row) in pairwise(stretches):
        if (before, after) in _CHANGES:
            found.append((row, _CHANGES[before, after]))
    return found


def _grip(arm: Arm, position: float) -> Grip:
    if arm.holding(position):
        return Grip.HELD
    return Grip.OPEN if abs(position - arm.gripper_open) < abs(position - arm.gripper_closed) else Grip.SHUT


def _stretches(track: Track, arm: Arm) -> list[tuple[Grip, int]]:
    """How the gripper stood, and the first row of it; passing through "holding" on the way is no stretch."""
    grips = [_grip(arm, position) for position in track.grips]
    begins = [row for row in range(len(grips)) if row == 0 or grips[row] is not grips[row - 1]]
    found: list[tuple[Grip, int]] = []
    for begin, end in pairwise([*begins, len(grips)]):
        grip = grips[begin]
        if grip is Grip.HELD and not _rests(track, begin, end, MOVES * abs(arm.gripper_open - arm.gripper_closed)):
            continue
        if not found or found[-1][0] is not grip:
            found.append((grip, begin))
    return found


def _rests(track: Track, begin: int, end: int, moves: float) -> bool:
    """Whether the gripper stands still for a while between two rows."""
    times, grips = track.times[begin:end], track.grips[begin:end]
    for first, last in enumerate(np.searchsorted(times, times + STILL)):
        if last < len(times) and np.ptp(grips[first : last + 1]) <= moves:
            return True
    return False


_CHANGES = {change.value: change for change in Change}
