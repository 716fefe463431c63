# SPDX-License-Identifier: Apache-2.0
"""Pictures that a person sorted: success, not, or nearly."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from unified_agent.documents import BadDocument, read_text, shown
from unified_agent.errors import UserError, nearest
from unified_agent.paths import inside
from unified_agent.training.pictures import ENDINGS, picture, pictures_in
from unified_agent.training.reward.evidence import LabelledView

LABELS = {"1": (1, False), "0": (0, False), "near": (0, True)}
"""What a picture is called -> whether it shows success, and whether it nearly does."""
MOST = 100_000


def labelled_pictures(path: Path) -> list[tuple[Path, str, float]]:
    """Picture, label and distance from success (NaN where it is not told) of every picture that is labelled.

    Args:
        path: a folder whose folders ``1``, ``0`` and, if need be, ``near`` hold pictures; or a CSV file with the
            columns ``image`` (in the file's folder), ``label`` (1, 0 or near) and, if it is known, ``distance``.

    Raises:
        UserError: it is neither, a row makes no sense, or no picture is labelled.
    """
    found = _sorted(path) if path.is_dir() else _listed(path)
    if not found:
        raise UserError(f"{path} has no labelled pictures: expected {', '.join(ENDINGS)} files in its folders 1 and 0.")
    return found


def views_of(pictures: list[tuple[Path, str, float]], unreadable: list[Path]) -> Iterator[LabelledView]:
    """One after another; files that hold no picture are appended to ``unreadable``."""
    for path, label, distance in pictures:
        frame = picture(path)
        if frame is None:
            unreadable.append(path)
            continue
        truth, near = LABELS[label]
        yield LabelledView((frame,), truth, near, str(path), distance)


def _sorted(folder: Path) -> list[tuple[Path, str, float]]:
    there = [entry.name for entry in sorted(folder.iterdir()) if entry.is_dir() and not entry.name.startswith(".")]
    if strange := [name for name in there if name not in LABELS]:
        raise UserError(f"The folder '{strange[0]}' in {folder} is no label. {nearest(strange[0], LABELS)}")
    return [(path, label, math.nan) for label in there for path in pictures_in(folder / label)]


def _listed(path: Path) -> list[tuple[Path, str, float]]:
    try:
        rows = list(csv.DictReader(read_text(path).removeprefix("\ufeff").splitlines(), strict=True))
    except csv.Error as error:
        raise BadDocument(f"{path} is no table of pictures: {error}.") from None
    if len(rows) > MOST:
        raise BadDocument(f"{path} has {len(rows)} rows: expected at most {MOST} pictures.")
    return [_row(path, number, row) for number, row in enumerate(rows, start=2)]


def _row(path: Path, number: int, row: dict) -> tuple[Path, str, float]:
    where = f"{path}, line {number}"
    for name in ("image", "label"):
        if not row.get(name):
            raise BadDocument(f"{where}: expected the columns image and label, and something in each.")
    label, told = row["label"].strip(), (row.get("distance") or "").strip()
    if label not in LABELS:
        raise BadDocument(f"{where}: expected {', '.join(LABELS)} as the label, not {shown(label)}.")
    try:
        distance = float(told) if told else math.nan
    except ValueError:
        raise BadDocument(f"{where}: expected a number as the distance, not {shown(told)}.") from None
    return inside(path.parent, row["image"].strip()), label, distance
