# SPDX-License-Identifier: Apache-2.0
"""Scores over time as a picture, with the moments in which sub-goals were reached."""

import warnings
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from unified_agent.documents import one_line
from unified_agent.recording.history import History
from unified_agent.recording.palette import BACKGROUND, CURRENT, FAINT, TEXT

LINES = 8
DPI = 100
# Pixels for the numbers and the label of the vertical axis.
LEFT = 62
# Scores are cosines or chances: what lies further from its threshold is nobody's score.
MOST = 100.0


@dataclass(frozen=True)
class Timeline:
    """A plot, and where its times lie.

    Attributes:
        picture: uint8 RGB (H, W, 3).
        left, right: columns of the first and of the last time.
        start, end: those times, seconds of the recording.
    """

    picture: np.ndarray
    left: int
    right: int
    start: float
    end: float

    def at(self, seconds: float) -> np.ndarray:
        """The picture with a cursor at a time of the recording."""
        share = (seconds - self.start) / max(self.end - self.start, 1e-9)
        column = round(self.left + min(max(share, 0.0), 1.0) * (self.right - self.left))
        picture = self.picture.copy()
        picture[:, column : column + 2] = CURRENT
        return picture


def timeline(history: History, width: int, height: int = 240) -> Timeline | None:
    """How far each of the most telling sentences was above its threshold; None where nothing was scored."""
    if not len(history.times):
        return None
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=_share(BACKGROUND))
    axes = figure.add_axes((LEFT / width, 0.14, 0.62 - LEFT / width, 0.80), facecolor=_share(BACKGROUND))
    start, end = float(history.times.min()), float(history.times.max())
    for sentence in history.telling(LINES):
        above = np.clip(history.scores[sentence], -MOST, MOST) - np.clip(history.gammas[sentence], -MOST, MOST)
        axes.plot(history.times - start, above, label=_plain(sentence), lw=1.4)
    axes.axhline(0.0, color=_share(TEXT), lw=0.8)
    for time, _ in history.reached:
        axes.axvline(time - start, color=_share(FAINT), lw=0.8, ls=":")
    axes.set_xlim(0.0, max(end - start, 1e-3))
    axes.set_xlabel("s", color=_share(FAINT), fontsize=8, labelpad=0)
    axes.set_ylabel("score above threshold", color=_share(FAINT), fontsize=8, labelpad=1)
    axes.tick_params(colors=_share(FAINT), labelsize=7)
    for spine in axes.spines.values():
        spine.set_color(_share(FAINT))
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), fontsize=7.5, frameon=False, labelcolor=_share(TEXT))
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # Letters that the font does not have are drawn as boxes.
        warnings.simplefilter("ignore", UserWarning)
        canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    left, right = axes.get_position().x0 * picture.shape[1], axes.get_position().x1 * picture.shape[1]
    return Timeline(picture, round(left), round(right), start, end)


def _plain(sentence: str) -> str:
    """Without what matplotlib takes for formulas, or for a name not to be shown."""
    return one_line(sentence, 60).replace("$", r"\$").lstrip("_") or " "


def _share(colour: tuple[int, int, int]) -> tuple[float, ...]:
    return tuple(part / 255 for part in colour)
