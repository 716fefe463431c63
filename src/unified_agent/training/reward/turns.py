# SPDX-License-Identifier: Apache-2.0
"""Where a curve that is seen once, moment by moment, turns: its peaks and its falls, with what was in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.training.relabelling.pictures import thumbnail

# Stretches of which the lowest and the highest moment are kept, and moments in one, at first.
_STRETCHES, _MOMENTS = 16, 8
# The least swing, of the curve's range, that counts as a turn; and how it grows while there are too many.
_SWING, _GROWTH = 0.15, 1.25


@dataclass
class Turn:
    """A moment at which a curve stops rising, or falling.

    Attributes:
        seconds: from the recording's begin.
        reward: there.
        frames: of its cameras; empty once `picture` is made.
        picture: JPEG.
    """

    seconds: float
    reward: float
    frames: Sequence[np.ndarray] = ()
    picture: bytes = b""

    def keep(self) -> None:
        """Its picture in the place of its frames."""
        if not self.picture:
            self.picture, self.frames = thumbnail(self.frames), ()


class Turns:
    """Keeps the lowest and the highest moment of each of up to 32 stretches, however long the recording is."""

    def __init__(self) -> None:
        self._closed: list[list[Turn]] = []
        self._open: list[Turn] = []
        self._count, self._length = 0, _MOMENTS

    def add(self, seconds: float, reward: float, frames: Sequence[np.ndarray]) -> None:
        """The next moment."""
        turn = Turn(seconds, reward, frames)
        self._open = _extremes([*self._open, turn])
        self._count += 1
        if self._count == self._length:
            for one in self._open:
                one.keep()
            self._closed.append(self._open)
            self._open, self._count = [], 0
        if len(self._closed) == 2 * _STRETCHES:
            pairs = zip(self._closed[::2], self._closed[1::2], strict=True)
            self._closed = [_extremes(first + second) for first, second in pairs]
            self._length *= 2

    def most(self, count: int) -> list[Turn]:
        """Up to so many turns, those of the largest swings, in the order of time."""
        kept = [turn for stretch in [*self._closed, self._open] for turn in stretch]
        for turn in self._open:
            turn.keep()
        if not kept:
            return []
        values = np.array([turn.reward for turn in kept])
        swing = _SWING * np.ptp(values)
        while len(found := turning(values, swing)) > count:
            swing *= _GROWTH
        return [kept[index] for index in found]


def turning(values: np.ndarray, swing: float) -> list[int]:
    """Where values turn by at least ``swing`` from the last turn: lows and highs alternate; shape (N,)."""
    if len(values) == 0 or swing <= 0:
        return list(range(min(len(values), 1)))
    found: list[int] = []
    low = high = direction = 0
    for index, value in enumerate(values):
        low = index if value < values[low] else low
        high = index if value > values[high] else high
        if direction >= 0 and values[high] - value >= swing:
            found.append(high)
            direction, low, high = -1, index, index
        elif direction <= 0 and value - values[low] >= swing:
            found.append(low)
            direction, low, high = 1, index, index
    return [*found, high if direction > 0 else low]


def _extremes(turns: list[Turn]) -> list[Turn]:
    """The lowest and the highest, in the order of time."""
    low = min(turns, key=lambda turn: turn.reward)
    high = max(turns, key=lambda turn: turn.reward)
    return [turn for turn in turns if turn is low or turn is high]
