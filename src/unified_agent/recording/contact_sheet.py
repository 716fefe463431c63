# SPDX-License-Identifier: Apache-2.0
"""A recording on one picture: some moments of every camera, what was planned, and the scores over time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from unified_agent.recording.cameras import RecordedCameras
from unified_agent.recording.cdr import NANO
from unified_agent.recording.history import History
from unified_agent.recording.overlay import LINE, MARGIN, fit, font
from unified_agent.recording.palette import BACKGROUND, CURRENT, FAINT, TEXT, TRUE
from unified_agent.recording.reader import BagReader
from unified_agent.recording.timeline import timeline
from unified_agent.topics import camera_of

TILE = 160
CAPTION = 34
NARROWEST = 760


def contact_sheet(reader: BagReader, topics: tuple[str, ...], path: Path, moments: int = 8) -> int:
    """Write a PNG of so many moments, evenly spread over the recording.

    Args:
        topics: of the images; a row each.

    Returns:
        Moments shown; fewer than asked for in a short recording, and 0, without a file, where there is no frame.
    """
    history = History.of(reader)
    received = [time for time, _ in RecordedCameras(reader, topics).frames()]
    if not received:
        return 0
    wanted = np.unique(np.linspace(0, len(received) - 1, moments).round().astype(int)).tolist()
    tiles = [
        (received[number], [_tile(frame) for frame in complete.frames])
        for number, (_, complete) in enumerate(RecordedCameras(reader, topics).frames())
        if number in wanted
    ]
    Image.fromarray(_sheet(history, topics, tiles)).save(path)
    return len(tiles)


def _tile(frame: np.ndarray) -> Image.Image:
    return Image.fromarray(frame).resize((TILE, TILE), Image.Resampling.LANCZOS)


def _sheet(history: History, topics: Sequence[str], tiles: list[tuple[int, list[Image.Image]]]) -> np.ndarray:
    facts = history.facts
    reached = {sentence for _, sentence in history.reached}
    width = max(NARROWEST, MARGIN + len(tiles) * (TILE + 4) + MARGIN)
    top = MARGIN + (2 + len(facts.plan)) * LINE + MARGIN
    plot = timeline(history, width)
    height = top + len(topics) * (TILE + 4) + CAPTION + (0 if plot is None else plot.picture.shape[0])
    sheet = Image.new("RGB", (width, height), BACKGROUND)
    canvas = ImageDraw.Draw(sheet)
    canvas.text((MARGIN, MARGIN), fit(f"“{facts.instruction}”", width - 2 * MARGIN, 18), TEXT, font(18))
    colour = TRUE if facts.result == "success" else CURRENT
    canvas.text((MARGIN, MARGIN + LINE + 4), facts.result or "(no result)", colour, font(14))
    for number, sentence in enumerate(facts.plan):
        mark, colour = ("+", TRUE) if sentence in reached else ("-", FAINT)
        canvas.text((MARGIN, MARGIN + (2 + number) * LINE + 4), f"{mark} {sentence}", colour, font(14))
    first = tiles[0][0]
    for column, (time, pictures) in enumerate(tiles):
        x = MARGIN + column * (TILE + 4)
        for row, picture in enumerate(pictures):
            sheet.paste(picture, (x, top + row * (TILE + 4)))
            if column == 0:
                canvas.text((x + 4, top + row * (TILE + 4) + 2), camera_of(topics[row]), TEXT, font(12))
        below = top + len(topics) * (TILE + 4)
        canvas.text((x, below), f"{(time - first) / NANO:.1f} s", FAINT, font(12))
        canvas.text((x, below + 15), fit(_newest(history, time / NANO), TILE, 11), TEXT, font(11))
    if plot is not None:
        sheet.paste(Image.fromarray(plot.picture), (0, height - plot.picture.shape[0]))
    return np.asarray(sheet)


def _newest(history: History, seconds: float) -> str:
    """The sentence reached last at that time."""
    before = [sentence for time, sentence in history.reached if time <= seconds]
    return before[-1] if before else ""
