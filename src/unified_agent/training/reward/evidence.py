# SPDX-License-Identifier: Apache-2.0
"""Views that are known to show success, or not: what a reward is judged by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from unified_agent.errors import UserError
from unified_agent.recording.cameras import RecordedCameras, image_topics
from unified_agent.recording.cdr import NANO
from unified_agent.recording.facts import EpisodeFacts, PursuedSubGoal
from unified_agent.recording.history import History
from unified_agent.recording.reader import BagReader
from unified_agent.training.eyes.frames import UNKNOWN
from unified_agent.training.eyes.from_marks import check_named, marked_moments
from unified_agent.training.eyes.marks import Mark, means, read_marks, truth_of
from unified_agent.vision.sentences import plain

SUCCESS = "success"
"""What ``/episode`` says of one that did what it was to do."""
SLACK = 1.0
"""Seconds before a sub-goal is said to be reached in which it may be true already: the captioner takes its time."""


@dataclass(frozen=True)
class LabelledView:
    """One moment.

    Attributes:
        frames: of each camera, RGB, uint8, each (H, W, 3).
        truth: 1 success, 0 not, -1 not known.
        near: it is not, but looks nearly so.
        episode: which recording it is of, in whose order views come; of a picture, its own name.
        distance: from success, in any unit; NaN where it is not known.
    """

    frames: tuple[np.ndarray, ...]
    truth: int
    near: bool
    episode: str
    distance: float = float("nan")


@dataclass(frozen=True)
class Cameras:
    """Which frames of a recording are looked at: image topics (none: as `image_topics` finds them), and how far those
    of one moment may lie apart, seconds."""

    topics: tuple[str, ...]
    tolerance: float


def marked_views(recording: Path, marks: Sequence[Mark], cameras: Cameras, slack: float) -> Iterator[LabelledView]:
    """Every moment of a recording, by the marks of one sentence in it.

    Raises:
        UserError: it cannot be read, or has no moment.
    """
    # What is marked "near" and nothing else: a truth of its own.
    near = [replace(mark, true=mark.near) for mark in marks]
    for time, moment in marked_moments(BagReader(recording), cameras.topics, cameras.tolerance):
        [truth] = truth_of(marks, [time], slack)
        nearly = truth == 0 and truth_of(near, [time], slack)[0] == 1
        yield LabelledView(tuple(moment.frames), int(truth), nearly, str(recording))


def known_views(recording: Path, sentence: str, cameras: Cameras) -> Iterator[LabelledView]:
    """Every moment of a recording of an episode, by when the sub-goal was pursued and reached in it; none where it
    does not tell.

    Raises:
        UserError: as `marked_views`.
    """
    reader = BagReader(recording)
    facts = History.of(reader).facts
    if not knows(facts, sentence):
        return
    seen = RecordedCameras(reader, image_topics(reader, cameras.topics), cameras.tolerance)
    empty = True
    for received, moment in seen.frames():
        empty = False
        truth, near = truth_at(facts, sentence, received / NANO)
        yield LabelledView(tuple(moment.frames), truth, near, str(recording))
    if empty:
        raise seen.nothing()


def recorded_views(
    recordings: Sequence[Path], sentence: str, marks: Sequence[Mark] | None, cameras: Cameras, slack: float
) -> Iterator[LabelledView | str]:
    """The views of recordings one after another, by marks or, without any, by their own sub-goals.

    Args:
        sentence: as the marks or the sub-goals have it.
        marks: each of one of the recordings.
        slack: see `marks.truth_of`.

    Yields:
        Views; and of each recording that is left out why: it cannot be read, or does not tell.

    Raises:
        UserError: all are left out.
    """
    silent = 0
    for recording in recordings:
        mine = [mark for mark in marks or () if means(mark, recording)]
        views = marked_views(recording, mine, cameras, slack) if mine else iter(())
        views = known_views(recording, sentence, cameras) if marks is None else views
        why = f"{recording} does not tell when {sentence!r} was true"
        first = None
        try:
            first = next(views, None)
        except UserError as error:
            why = str(error)
        if first is None:
            silent += 1
            yield why
            continue
        yield first
        yield from views
    if silent == len(recordings):
        raise UserError(
            f"None of {silent} recordings tells when {sentence!r} was true: name one of their sub-goals with "
            f"--sentence, or mark some moments (--marks). The last: {why}"
        )


def marks_of(path: Path, sentence: str, recordings: Sequence[Path]) -> list[Mark]:
    """The marks of one sentence in a file.

    Raises:
        UserError: there is none, or one is of none of the recordings; and as `read_marks`.
    """
    marks = read_marks(path)
    ours = [mark for mark in marks if plain(mark.sentence) == plain(sentence)]
    if not ours:
        spoken = ", ".join(repr(one) for one in list(dict.fromkeys(mark.sentence for mark in marks))[:3])
        raise UserError(
            f"{path} marks {spoken or 'nothing'}, and not {sentence!r}: name one of the marked sentences (--sentence)."
        )
    check_named(ours, recordings)
    return ours


def knows(facts: EpisodeFacts, sentence: str) -> bool:
    """Whether an episode tells when a sub-goal was true: it ended, and the sub-goal was planned or pursued."""
    told = [*facts.plan, *(pursuit.sentence for pursuit in facts.pursuits)]
    return bool(facts.result) and plain(sentence) in map(plain, told)


def truth_at(facts: EpisodeFacts, sentence: str, seconds: float) -> tuple[int, bool]:
    """Whether a sub-goal was true at a time of the recording (1, 0, -1: not known), and whether it nearly was.

    It is false until it is reached, nearly true while it is pursued, and true from then until something else is
    pursued; to the end, where it came last in an episode that succeeded. What was true before it was pursued, and what
    came of it later, is not known.
    """
    pursuits = facts.pursuits
    ours = [number for number, pursuit in enumerate(pursuits) if plain(pursuit.sentence) == plain(sentence)]
    begun = [number for number in ours if pursuits[number].pursued <= seconds]
    if not begun:
        return _before(pursuits[ours[0]]) if ours else 0, False
    last = begun[-1]
    reached = pursuits[last].reached
    after = pursuits[last + 1].pursued if last + 1 < len(pursuits) else None
    if reached is None or seconds < reached - SLACK:
        pursued_now = after is None or seconds < after
        return (0, True) if pursued_now else (UNKNOWN, False)
    if seconds < reached:
        return UNKNOWN, False
    stays = facts.result == SUCCESS if after is None else seconds < after
    return (1, False) if stays else (UNKNOWN, False)


def _before(pursuit: PursuedSubGoal) -> int:
    """What was reached as soon as it was pursued may have been true all along."""
    at_once = pursuit.reached is not None and pursuit.reached - pursuit.pursued < SLACK
    return UNKNOWN if at_once else 0
