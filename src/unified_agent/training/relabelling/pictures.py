# SPDX-License-Identifier: Apache-2.0
"""Finds as pictures: a thumbnail each, and the best of each sentence on one overview."""

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from unified_agent.recording.images import compressed
from unified_agent.recording.overlay import MARGIN, fit, font
from unified_agent.recording.palette import BACKGROUND, FAINT, TEXT
from unified_agent.training.relabelling.labels import Find

# Pixels of a thumbnail: its height, and the widest that one camera's part of it gets.
HEIGHT, WIDEST = 160, 320
# Of the overview: finds of a sentence, and sentences.
ACROSS, DOWN = 8, 30
_GAP, _CAPTION, _HEAD = 4, 32, 26


def thumbnail(frames: Sequence[np.ndarray]) -> bytes:
    """The frames of one moment side by side, as a JPEG file; RGB, uint8, (H, W, 3), of any size."""
    parts = []
    for frame in frames:
        height, width = frame.shape[:2]
        scale = min(HEIGHT / height, WIDEST / width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(np.ascontiguousarray(frame), size, interpolation=cv2.INTER_AREA)
        part = np.zeros((HEIGHT, size[0], 3), np.uint8)
        top = (HEIGHT - size[1]) // 2
        part[top : top + size[1]] = small
        parts.append(part)
    return compressed(np.concatenate(parts, axis=1), "jpeg", quality=85)


def file_name(number: int, find: Find) -> str:
    """Of the thumbnail of a recording's find of that number."""
    said = re.sub(r"[^a-z0-9]+", "_", find.sentence.lower()).strip("_")[:60]
    return f"{number:05d}_{find.begin:.2f}s_{said}.jpg"


def overview(rows: Iterable[tuple[str, Sequence[tuple[str, Path]]]], path: Path) -> None:
    """Write a PNG: a row a sentence, of its best finds.

    Args:
        rows: the sentence, and for each find what is written below it, and its thumbnail.
    """
    drawn = [_row(sentence, shown[:ACROSS]) for sentence, shown in list(rows)[:DOWN]]
    width = max(row.width for row in drawn)
    sheet = Image.new("RGB", (width, sum(row.height for row in drawn) + MARGIN), BACKGROUND)
    top = 0
    for row in drawn:
        sheet.paste(row, (0, top))
        top += row.height
    stream = io.BytesIO()
    sheet.save(stream, "PNG", compress_level=1)
    path.write_bytes(stream.getvalue())


def _row(sentence: str, shown: Sequence[tuple[str, Path]]) -> Image.Image:
    tiles = [(text, Image.open(picture).convert("RGB")) for text, picture in shown]
    width = max(760, 2 * MARGIN + sum(tile.width + _GAP for _, tile in tiles))
    row = Image.new("RGB", (width, _HEAD + MARGIN + HEIGHT + _CAPTION), BACKGROUND)
    canvas = ImageDraw.Draw(row)
    canvas.text((MARGIN, MARGIN), fit(sentence, width - 2 * MARGIN, 16), TEXT, font(16))
    x = MARGIN
    for text, tile in tiles:
        row.paste(tile, (x, _HEAD + MARGIN))
        for line, part in enumerate(text.splitlines()[:2]):
            canvas.text((x, _HEAD + MARGIN + HEIGHT + 2 + 14 * line), fit(part, tile.width, 11), FAINT, font(11))
        x += tile.width + _GAP
    return row
