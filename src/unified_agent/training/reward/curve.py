# SPDX-License-Identifier: Apache-2.0
"""The reward over a recording as a picture: the curve, what was seen where it turns, where the scene is strange."""

import io
import math
from array import array

import numpy as np
from PIL import Image, ImageDraw

from unified_agent.recording.overlay import MARGIN, fit, font
from unified_agent.recording.palette import BACKGROUND, CURRENT, FAINT, LOW, TEXT, TRUE
from unified_agent.training.reward.turns import Turn, Turns

# Pixels: of the picture, of the thumbnails' row, and of the plot below it.
WIDTH, HEIGHT, SHOWN, TOP, LEFT, BOTTOM = 1280, 520, 110, 34, 62, 30
_STRANGE = (58, 36, 36)
_MOST, _GAP = 8, 8


class RewardCurve:
    """Rewards of a recording as they come: 13 bytes a moment."""

    def __init__(self) -> None:
        self._seconds, self._rewards, self._strange = array("d"), array("f"), array("b")

    def add(self, seconds: float, reward: float, strange: bool) -> None:
        """The next moment; whether it shows a scene that the CLIP does not know."""
        self._seconds.append(seconds)
        self._rewards.append(reward)
        self._strange.append(strange)

    @property
    def seconds(self) -> np.ndarray:
        """From the recording's begin, shape (N,)."""
        return np.asarray(self._seconds)

    @property
    def rewards(self) -> np.ndarray:
        """Shape (N,)."""
        return np.asarray(self._rewards)

    @property
    def strange(self) -> np.ndarray:
        """Bool, shape (N,)."""
        return np.asarray(self._strange, bool)


def draw(curve: RewardCurve, turns: Turns, goal: str) -> bytes:
    """A PNG: the curve, thumbnails of the moments where it turns, and unfamiliar stretches shaded."""
    sheet = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    canvas = ImageDraw.Draw(sheet)
    canvas.text((MARGIN, 8), fit(f"reward of: {goal}", WIDTH - 2 * MARGIN, 16), TEXT, font(16))
    plot = _Plot(curve.seconds, curve.rewards)
    for begin, end in _stretches(curve.strange):
        right = max(plot.x(curve.seconds[end]), plot.x(curve.seconds[begin]) + 1)
        canvas.rectangle((plot.x(curve.seconds[begin]), plot.top, right, plot.bottom), fill=_STRANGE)
    if curve.strange.any():
        canvas.text((LEFT + 4, plot.top + 2), "shaded: a scene that this CLIP does not know", FAINT, font(11))
    plot.axes(canvas)
    for x, low, high in plot.columns():
        canvas.line((x, low, x, high), fill=CURRENT, width=2)
    _show(sheet, canvas, plot, turns.most(_MOST))
    stream = io.BytesIO()
    sheet.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _show(sheet: Image.Image, canvas: ImageDraw.ImageDraw, plot: "_Plot", turns: list[Turn]) -> None:
    """Thumbnails in a row, each with a line to its moment."""
    tiles = [Image.open(io.BytesIO(turn.picture)).convert("RGB") for turn in turns]
    room = (WIDTH - 2 * MARGIN) // max(1, len(tiles))
    x = MARGIN
    for number, (turn, tile) in enumerate(zip(turns, tiles, strict=True)):
        tile.thumbnail((room - _GAP, SHOWN))
        # Above its moment, where that leaves room for those before and those to come.
        latest = WIDTH - MARGIN - room * (len(tiles) - number)
        x = max(x, min(plot.x(turn.seconds) - tile.width // 2, latest))
        sheet.paste(tile, (x, TOP + SHOWN - tile.height))
        middle, at = x + tile.width // 2, (plot.x(turn.seconds), plot.y(turn.reward))
        canvas.text((x, TOP + SHOWN + 2), f"{turn.seconds:.1f} s: {turn.reward:.3f}", FAINT, font(11))
        canvas.line((middle, TOP + SHOWN + 16, *at), fill=LOW, width=1)
        x += tile.width + _GAP
        canvas.ellipse((at[0] - 3, at[1] - 3, at[0] + 3, at[1] + 3), fill=TRUE)


class _Plot:
    """From seconds and rewards to pixels."""

    top, bottom = TOP + SHOWN + 44, HEIGHT - BOTTOM

    def __init__(self, seconds: np.ndarray, rewards: np.ndarray):
        self._seconds, self._rewards = seconds, rewards
        self._first, self._last = float(seconds.min()), float(seconds.max())
        self._low, self._high = float(rewards.min()), float(rewards.max())

    def x(self, seconds: float) -> int:
        share = (seconds - self._first) / (self._last - self._first or 1.0)
        return round(LEFT + share * (WIDTH - LEFT - MARGIN))

    def y(self, reward: float) -> int:
        share = (reward - self._low) / (self._high - self._low) if self._high > self._low else 0.5
        return round(self.bottom - share * (self.bottom - self.top))

    def axes(self, canvas: ImageDraw.ImageDraw) -> None:
        for reward in dict.fromkeys((self._low, (self._low + self._high) / 2, self._high)):
            canvas.line((LEFT, self.y(reward), WIDTH - MARGIN, self.y(reward)), fill=_STRANGE, width=1)
            canvas.text((6, self.y(reward) - 7), f"{reward:.4f}", FAINT, font(12))
        step = _nice((self._last - self._first) / 8)
        for number in range(math.ceil(self._first / step), math.floor(self._last / step) + 1):
            canvas.text((self.x(number * step), self.bottom + 6), f"{number * step:g} s", FAINT, font(12))

    def columns(self) -> list[tuple[int, int, int]]:
        """x, lowest y and highest y of every column of pixels that the curve goes through."""
        width = WIDTH - LEFT - MARGIN
        moments = np.linspace(self._first, self._last, width + 1)
        order = np.argsort(self._seconds, kind="stable")
        values = np.interp(moments, self._seconds[order], self._rewards[order])
        place = np.searchsorted(moments, self._seconds, side="right") - 1
        low, high = values.copy(), values.copy()
        np.minimum.at(low, place, self._rewards)
        np.maximum.at(high, place, self._rewards)
        # Each column reaches to where the next one begins.
        low[:-1], high[:-1] = np.minimum(low[:-1], values[1:]), np.maximum(high[:-1], values[1:])
        return [(LEFT + column, self.y(low[column]), self.y(high[column])) for column in range(width + 1)]


def _stretches(strange: np.ndarray) -> list[tuple[int, int]]:
    """First and last of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], strange.astype(np.int8), [0]])))
    return [(int(begin), int(end) - 1) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def _nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least so much."""
    power = 10.0 ** math.floor(math.log10(max(step, 1e-3)))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= step or times == 10)
