# SPDX-License-Identifier: Apache-2.0
"""When a person says that a sentence was true in a recording: rows of a table, and the truth of moments by them."""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from unified_agent.documents import BadDocument, read_text, shown
from unified_agent.errors import nearest
from unified_agent.training.eyes.frames import UNKNOWN

NEEDED = ("recording", "sentence")
_YES, _NO, _NEAR = {"", "1", "yes", "y", "true"}, {"0", "no", "n", "false"}, {"near"}
MOST = 100_000
"""Marks of a table."""


@dataclass(frozen=True)
class Mark:
    """A sentence was true, or was not, in a recording for some time.

    Attributes:
        recording: name or path.
        begin, end: seconds, both included.
        stamped: whether they are stamps of frames; else they count from the recording's first message.
        true: whether the sentence was true.
        near: whether it was not, but nearly.
    """

    recording: str
    sentence: str
    begin: float
    end: float
    stamped: bool
    true: bool = True
    near: bool = False


@dataclass(frozen=True)
class MarkedMoment:
    """A moment of a recording that may be marked: its time since the first message and its stamp, seconds."""

    time: float
    stamp: float


def read_marks(path: Path) -> list[Mark]:
    """The marks in a CSV file.

    Its columns are ``recording``, ``sentence``, ``from`` and ``to`` (seconds since the recording's first message) or
    ``from_stamp`` and ``to_stamp`` (seconds, as frames are stamped; they go first), and, if it is there, ``true``: yes
    (as empty), no, or near (it was not, but nearly). Other columns are left alone: the table that ``relabel`` writes
    serves, once a person took out, or marked with no, what is wrong in it.

    Raises:
        BadDocument: it cannot be read, lacks a column, or a row has no time, no sentence or no yes or no.
    """
    lines = read_text(path).removeprefix("\ufeff").splitlines()
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise BadDocument(f"{path} is no table of marks: {error}.") from None
    rows = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    names = [name.strip() for name in rows[0][1]] if rows else []
    times = [pair for pair in (("from_stamp", "to_stamp"), ("from", "to")) if set(pair) <= set(names)]
    missing = [name for name in NEEDED if name not in names] + ([] if times else ["from, to"])
    if missing:
        raise BadDocument(
            f"{path} has no column '{missing[0]}': expected recording,sentence,from,to in its first line. "
            + nearest(missing[0], names[:20])
        )
    if len(rows) > MOST:
        raise BadDocument(f"{path} has {len(rows)} rows: expected at most {MOST} marks.")
    return [_mark(f"{path}, line {number}", dict(zip(names, row, strict=False)), times) for number, row in rows[1:]]


def _mark(where: str, row: Mapping[str, str], times: Iterable[tuple[str, str]]) -> Mark:
    row = {name: cell.strip() for name, cell in row.items()}
    recording, sentence = row.get("recording", ""), " ".join(row.get("sentence", "").split())
    if not recording or not sentence:
        raise BadDocument(f"{where}: expected a recording and a sentence.")
    begin_name, end_name = next((pair for pair in times if row.get(pair[0]) and row.get(pair[1])), ("from", "to"))
    begin, end = _seconds(where, row.get(begin_name, "")), _seconds(where, row.get(end_name, ""))
    if end < begin:
        raise BadDocument(f"{where}: it ends at {end:g} s, before it begins at {begin:g} s.")
    said = row.get("true", "").casefold()
    if said not in _YES | _NO | _NEAR:
        raise BadDocument(f"{where}: expected yes, no or near in the column 'true', not {shown(said)}.")
    return Mark(recording, sentence, begin, end, begin_name == "from_stamp", said in _YES, said in _NEAR)


def _seconds(where: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise BadDocument(f"{where}: expected seconds from and to, not {shown(text)}.")
    return seconds


def means(mark: Mark, recording: Path) -> bool:
    """Whether a mark is of the recording at a path: its name, or the end of its path, with or without a suffix."""
    named = PurePath(mark.recording)
    whole = recording.resolve()
    return any(path.parts[-len(named.parts) :] == named.parts for path in (whole, whole.with_suffix("")))


def truth_of(marks: Iterable[Mark], moments: Iterable[MarkedMoment], slack: float) -> np.ndarray:
    """1, 0 or -1 (not counted) for each moment of one recording, by the marks of one sentence in it; int8.

    What is marked is as it is marked. What is not marked is false where every mark says that the sentence was true
    (they are all the times at which it was), and is not counted where some say that it was not. Moments nearer than
    ``slack`` seconds to the begin or the end of a mark are not counted: nobody marks to the frame. Nor are those that
    are marked both ways.
    """
    marks = list(marks)
    rest = 0 if all(mark.true for mark in marks) else UNKNOWN
    return np.array([_truth(marks, moment, slack, rest) for moment in moments], dtype=np.int8)


def _truth(marks: list[Mark], moment: MarkedMoment, slack: float, rest: int) -> int:
    near, said = False, set()
    for mark in marks:
        time = moment.stamp if mark.stamped else moment.time
        # A mark shorter than two slacks still has a middle.
        inner = min(slack, (mark.end - mark.begin) / 2)
        if mark.begin + inner <= time <= mark.end - inner:
            said.add(int(mark.true))
        near |= mark.begin - slack < time < mark.end + slack
    if len(said) == 1:
        return said.pop()
    return UNKNOWN if near else rest
