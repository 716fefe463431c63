# SPDX-License-Identifier: Apache-2.0
"""A recording on one picture: some moments of every camera, what was planned, and the scores over time."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from unified_agent.recording.cameras import RecordedCameras
from unified_agent.recording.cdr import NANO
from unified_agent.recording.history import History
from unified_agent.recording.overlay import LINE, MARGIN, fit, fitted, font
from unified_agent.recording.palette import BACKGROUND, CURRENT, FAINT, TEXT, TRUE
from unified_agent.recording.reader import BagReader
from unified_agent.recording.timeline import timeline
from unified_agent.topics import cameras_of

TILE = 160
CAPTION = 34
NARROWEST = 760
# Pixels; and sentences of a plan.
WIDEST_PLOT, PLANNED = 4000, 20


def contact_sheet(
    reader: BagReader,
    topics: tuple[str, ...],
    path: Path,
    moments: int = 8,
    cameras: Callable[[], RecordedCameras] | None = None,
    maker: str = "",
) -> int:
    """Write a PNG of so many moments, evenly spread over the recording.

    Args:
        topics: of the images; a row each.
        cameras: makes what makes the moments, of those topics; called twice, because the bag is read twice.
        maker: written into the file, see `maker_of`.

    Returns:
        Moments shown; fewer than asked for in a short recording, and 0, without a file, where there is no frame.
    """
    cameras = cameras or (lambda: RecordedCameras(reader, topics))
    history = History.of(reader)
    received = [time for time, _ in cameras().frames()]
    if not received:
        return 0
    wanted = set(np.unique(np.linspace(0, len(received) - 1, moments).round().astype(int)).tolist())
    shapes = [0.25] * len(topics)
    tiles = []
    for number, (_, complete) in enumerate(cameras().frames()):
        if number in wanted:
            tiles.append((received[number], [_tile(frame) for frame in complete.frames]))
            shapes = [
                max(shape, min(1.0, frame.shape[0] / frame.shape[1]))
                for shape, frame in zip(shapes, complete.frames, strict=True)
            ]
    text = PngInfo()
    if maker:
        text.add_text("Comment", maker)
    heights = [round(TILE * shape) for shape in shapes]
    Image.fromarray(_sheet(history, cameras_of(topics), tiles, heights)).save(path, pnginfo=text)
    return len(tiles)


def maker_of(path: Path) -> str:
    """Who wrote a PNG; empty where it does not say, or is no PNG."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            return str(picture.info.get("Comment", ""))
    except Exception:  # broken bytes make the library raise almost anything
        return ""


def _tile(frame: np.ndarray) -> Image.Image:
    return fitted(frame, TILE, TILE)


def _sheet(
    history: History, names: Sequence[str], tiles: list[tuple[int, list[Image.Image]]], heights: list[int]
) -> np.ndarray:
    """``heights`` of the rows of tiles, which are squares with the picture in the middle."""
    facts = history.facts
    reached = {sentence for _, sentence in history.reached}
    width = max(NARROWEST, MARGIN + len(tiles) * (TILE + 4) + MARGIN)
    plan = facts.plan[:PLANNED]
    top = MARGIN + (2 + len(plan)) * LINE + MARGIN
    plot = timeline(history, min(width, WIDEST_PLOT))
    tops = [top + sum(high + 4 for high in heights[:row]) for row in range(len(heights) + 1)]
    sheet = Image.new("RGB", (width, tops[-1] + CAPTION + (0 if plot is None else plot.picture.shape[0])), BACKGROUND)
    canvas = ImageDraw.Draw(sheet)
    canvas.text((MARGIN, MARGIN), fit(f"“{facts.instruction}”", width - 2 * MARGIN, 18), TEXT, font(18))
    colour = TRUE if facts.result == "success" else CURRENT
    result = fit(facts.result or "(no result)", width - 2 * MARGIN, 14)
    canvas.text((MARGIN, MARGIN + LINE + 4), result, colour, font(14))
    for number, sentence in enumerate(plan):
        mark, colour = ("+", TRUE) if sentence in reached else ("-", FAINT)
        text = fit(f"{mark} {sentence}", width - 2 * MARGIN, 14)
        canvas.text((MARGIN, MARGIN + (2 + number) * LINE + 4), text, colour, font(14))
    first = tiles[0][0]
    for column, (time, pictures) in enumerate(tiles):
        x = MARGIN + column * (TILE + 4)
        for row, (picture, high) in enumerate(zip(pictures, heights, strict=True)):
            inner = picture.crop((0, (TILE - high) // 2, TILE, (TILE - high) // 2 + high))
            sheet.paste(inner, (x, tops[row]))
            if column == 0:
                canvas.text((x + 4, tops[row] + 2), fit(names[row], TILE - 8, 12), TEXT, font(12))
        canvas.text((x, tops[-1]), f"{(time - first) / NANO:.1f} s", FAINT, font(12))
        canvas.text((x, tops[-1] + 15), fit(_newest(history, time / NANO), TILE, 11), TEXT, font(11))
    if plot is not None:
        sheet.paste(Image.fromarray(plot.picture), (0, sheet.height - plot.picture.shape[0]))
    return np.asarray(sheet)


def _newest(history: History, seconds: float) -> str:
    """The sentence reached last at that time."""
    before = [sentence for time, sentence in history.reached if time <= seconds]
    return before[-1] if before else ""
