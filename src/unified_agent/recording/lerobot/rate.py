# SPDX-License-Identifier: Apache-2.0
"""How many frames a second a camera gives, from all its stamps, jitter and gaps included."""

from dataclasses import dataclass

import numpy as np

from unified_agent.recording.cdr import NANO

# Intervals that are longer than so many periods are pauses, and tell nothing about the period.
_PAUSE = 5.5
# The length of the stamps' mean phase (1 without jitter, 0.8 where it is a tenth of the period) of a steady camera.
_STEADY = 0.3
# The period is refined on so many stamps at a time, in steps that shift the last of them by less than a tenth of it.
_TOGETHER, _MOST = 1024, 8192


@dataclass(frozen=True)
class FrameRate:
    """Of a camera.

    Attributes:
        period: nanoseconds between its frames.
        steady: whether its stamps lie near whole numbers of periods.
    """

    period: float
    steady: bool

    @property
    def a_second(self) -> float:
        """Frames."""
        return NANO / self.period

    @property
    def whole(self) -> int:
        """Frames a second as a dataset has them: 30 for 29.97."""
        return max(1, round(self.a_second))


def frame_rate(stamps: np.ndarray) -> FrameRate | None:
    """The rate behind stamps, int64 nanoseconds in the order of arrival; None for fewer than two different ones.

    The period p is first the fixed point of p = sum(d) / sum(round(d / p)) over the intervals d: a frame that was left
    out makes one interval of two periods. Then the greatest of sum(exp(2 pi i t / p)) near it, over the stamps t.
    """
    stamps = np.unique(stamps)
    intervals = np.diff(stamps).astype(float)
    if not len(intervals):
        return None
    period = float(np.median(intervals))
    for _ in range(20):
        periods = np.round(intervals / period)
        near = intervals < _PAUSE * period
        if not periods[near].sum():
            break
        period, before = float(intervals[near].sum() / periods[near].sum()), period
        if abs(period - before) < 1e-9 * period:
            break
    refined, agreement = _refined(period, stamps)
    return FrameRate(refined, True) if agreement >= _STEADY else FrameRate(period, False)


def _refined(period: float, stamps: np.ndarray) -> tuple[float, float]:
    """The period within 2 % at which the stamps have most of one phase, and the length of their mean phase then.

    Pauses change the phase: it is found for parts of the stamps.
    """
    runs = np.split(stamps, np.flatnonzero(np.diff(stamps) >= _PAUSE * period) + 1)
    parts = [run[begin : begin + _TOGETHER] for run in runs for begin in range(0, len(run), _TOGETHER)]
    parts = [part for part in parts if len(part) > 2][: _MOST // _TOGETHER] or [stamps[:2]]
    for width, steps in ((0.02, 401), (0.0002, 41)):
        periods = period * (1 + np.linspace(-width, width, steps))
        agreement = np.zeros(steps)
        for part in parts:
            turns = (part - part[0]).astype(float)[:, None] / periods
            agreement += np.abs(np.exp(2j * np.pi * turns).sum(axis=0))
        period = float(periods[agreement.argmax()])
    return period, float(agreement.max()) / sum(map(len, parts))


class Grid:
    """Ticks of a dataset's rate along the stamps of a camera.

    Where the camera's own rate is the dataset's, the ticks follow the camera's period and phase, so that every frame
    has a tick of its own although the rate is 29.97 or the stamps jitter; otherwise they lie at ``1 / rate``.

    Args:
        stamps: of the camera, nanoseconds.
        own: its rate.
        rate: of the dataset, frames a second.
        first: stamp of tick 0, nanoseconds.
    """

    def __init__(self, stamps: np.ndarray, own: FrameRate | None, rate: int, first: int):
        self._origin, self._period = float(first), NANO / rate
        if own is not None and own.steady and own.whole == rate:
            self._period = own.period
            angles = 2 * np.pi * (stamps - first).astype(float) / own.period
            phase = np.angle(np.exp(1j * angles).mean()) / (2 * np.pi)
            self._origin += phase * own.period

    def tick(self, stamp: int) -> int:
        """The tick nearest to a stamp."""
        return round((stamp - self._origin) / self._period)

    def stamp(self, tick: int) -> int:
        """Nanoseconds."""
        return round(self._origin + tick * self._period)
