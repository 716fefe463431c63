# SPDX-License-Identifier: Apache-2.0
"""Thresholds for any CLIP from a few moments that a person marked in recordings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unified_agent.errors import UserError, nearest
from unified_agent.recording.cameras import RecordedCameras, image_topics
from unified_agent.recording.cdr import NANO
from unified_agent.recording.pairing import Moment
from unified_agent.recording.reader import BagReader
from unified_agent.training.eyes.calibration import calibrate
from unified_agent.training.eyes.frames import UNKNOWN
from unified_agent.training.eyes.marks import Mark, MarkedMoment, means, truth_of
from unified_agent.training.reward.measures import auc
from unified_agent.vision.detector import Detector

FEWEST = 3
"""Moments in which a sentence is true, and in which it is not, at least."""
SEPARABLE = 0.8
"""Area under the ROC curve below which no threshold is worth having: 0.5 is chance."""
BATCH = 16


@dataclass(frozen=True)
class Calibration:
    """What the marks of one sentence tell.

    Attributes:
        threshold: half-way in the gap that parts true from false best; None where nothing does, see ``why``.
        true, false: moments counted.
        auc: the chance that a true moment scores higher than a false one.
        gap: the lowest true score minus the highest false one; negative where they overlap.
        precision, recall: of the threshold, on the same moments.
        why: there is no threshold.
    """

    sentence: str
    threshold: float | None
    true: int
    false: int
    auc: float = float("nan")
    gap: float = float("nan")
    precision: float = float("nan")
    recall: float = float("nan")
    why: str = ""


def from_scores(sentence: str, scores: np.ndarray, truth: np.ndarray) -> Calibration:
    """The threshold of a sentence, of its scores and the truth (1, 0, or -1: not counted) of N moments, shape (N,)."""
    true, false = scores[truth == 1], scores[truth == 0]
    counts = (len(true), len(false))
    if min(counts) < FEWEST:
        lacking = "true" if counts[0] < FEWEST else "false"
        return Calibration(
            sentence, None, *counts, why=f"it is marked {lacking} in {min(counts)} moments, {FEWEST} are needed"
        )
    area = auc(true, false)
    gap = float(true.min() - false.max())
    if area < SEPARABLE:
        why = f"this CLIP cannot tell it: true and false moments score alike (AUC {area:.2f}, {SEPARABLE:g} is needed)"
        return Calibration(sentence, None, *counts, area, gap, why=why)
    threshold = calibrate(scores, truth)
    hits = int((true > threshold).sum())
    said = hits + int((false > threshold).sum())
    return Calibration(
        sentence, round(threshold, 4), *counts, area, gap, precision=hits / max(1, said), recall=hits / len(true)
    )


def marked_scores(
    recordings: Sequence[Path],
    marks: Sequence[Mark],
    detector: Detector,
    named: tuple[str, ...],
    tolerance: float,
    slack: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and truth of all moments that are marked for some sentence, each (N, M), in the detector's order.

    Args:
        named: image topics; empty: as `image_topics` finds them.
        slack: see `marks.truth_of`.

    Raises:
        UserError: a mark is of none of the recordings or may be of several, or one cannot be read or has no moment.
    """
    check_named(marks, recordings)
    parts = [
        _of_one(recording, mine, detector, named, tolerance, slack)
        for recording in recordings
        if (mine := [mark for mark in marks if means(mark, recording)])
    ]
    return np.concatenate([scores for scores, _ in parts]), np.concatenate([truth for _, truth in parts])


def check_named(marks: Sequence[Mark], recordings: Sequence[Path]) -> None:
    """Make sure that each mark is of one of the recordings.

    Raises:
        UserError: it is of none of them, or may be of several.
    """
    for name, mark in {mark.recording: mark for mark in marks}.items():
        meant = [recording for recording in recordings if means(mark, recording)]
        if not meant:
            known = nearest(name, (recording.name for recording in recordings[:20]))
            raise UserError(f"The marks name the recording '{name}', which is not given. {known}")
        if len(meant) > 1:
            raise UserError(
                f"The marks name the recording '{name}', which may be {meant[0]} or {meant[1]}: write more of its path."
            )


def marked_moments(
    reader: BagReader, named: tuple[str, ...], tolerance: float
) -> Iterator[tuple[MarkedMoment, Moment]]:
    """Every moment of a recording with its time; arguments as `marked_scores`.

    Raises:
        UserError: there is none.
    """
    cameras = RecordedCameras(reader, image_topics(reader, named), tolerance)
    first = received = None
    count = 0
    for message in reader.messages():
        received = message.received
        first = received if first is None else first
        for moment in cameras.see(message):
            count += 1
            yield _at(first, received, moment)
    for moment in cameras.rest():
        count += 1
        yield _at(first, received, moment)
    if not count:
        why = cameras.why_nothing() or "no image came"
        raise UserError(f"No moment was found in {reader.path}: {why}.")


def written(found: Sequence[Calibration], clip: str) -> str:
    """The thresholds as YAML that ``relabel --sentences`` and the captioner's ``thresholds`` take."""
    lines = [f"# Thresholds for the CLIP {clip!r}, by unified-agent calibrate."]
    for one in found:
        if one.threshold is None:
            lines.append(f"# none for {one.sentence!r}: {one.why}")
            continue
        lines.append(f"# {told(one)}")
        lines.append(f"{_quoted(one.sentence)}: {one.threshold:.4f}")
    return "\n".join(lines) + "\n"


def told(one: Calibration) -> str:
    """How good a threshold is, in one line."""
    overlap = f"a gap of {one.gap:.3f} between them" if one.gap > 0 else f"they overlap by {-one.gap:.3f}"
    return (
        f"{one.true} true and {one.false} false moments, {overlap}, AUC {one.auc:.3f}, "
        f"precision {one.precision:.3f}, recall {one.recall:.3f}"
    )


def _quoted(sentence: str) -> str:
    return "'" + sentence.replace("'", "''") + "'"


def _of_one(
    recording: Path, marks: Sequence[Mark], detector: Detector, named: tuple[str, ...], tolerance: float, slack: float
) -> tuple[np.ndarray, np.ndarray]:
    by_sentence: Mapping[str, list[Mark]] = {sentence: [] for sentence in detector.sentences}
    for mark in marks:
        by_sentence[mark.sentence].append(mark)
    reader = BagReader(recording)
    scores, truths = [], []
    batch: list[tuple[MarkedMoment, Moment]] = []
    for item in marked_moments(reader, named, tolerance):
        batch.append(item)
        if len(batch) == BATCH:
            _settle(batch, by_sentence, detector, slack, scores, truths)
    _settle(batch, by_sentence, detector, slack, scores, truths)
    if not scores:
        raise UserError(f"No moment of {recording} lies in, or beside, its marks: are their times right?")
    return np.concatenate(scores), np.concatenate(truths)


def _settle(batch, by_sentence, detector, slack, scores, truths) -> None:
    """Score those moments of a batch that say something of some sentence, and empty it."""
    times = [time for time, _ in batch]
    columns = [
        truth_of(marks, times, slack) if marks else np.full(len(times), UNKNOWN, np.int8)
        for marks in by_sentence.values()
    ]
    truth = np.stack(columns, axis=1)
    for row, (_, moment) in zip(truth, batch, strict=True):
        if (row != UNKNOWN).any():
            frames = {str(number): frame for number, frame in enumerate(moment.frames)}
            scores.append(detector.scores(frames)[None])
            truths.append(row[None])
    batch.clear()


def _at(first: int, received: int, moment: Moment) -> tuple[MarkedMoment, Moment]:
    return MarkedMoment((received - first) / NANO, moment.stamp / NANO), moment
