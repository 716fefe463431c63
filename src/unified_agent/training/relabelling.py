# SPDX-License-Identifier: Apache-2.0
"""Recordings labelled anew: what CLIP says of their frames, for sentences that nobody had thought of at the time."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.recording import scores as scores_messages
from unified_agent.recording.bag import BagWriter, topic_info
from unified_agent.recording.cameras import RecordedCameras, image_topics
from unified_agent.recording.cdr import NANO, Message, common_types, encode
from unified_agent.recording.pairing import TOLERANCE, Moment
from unified_agent.recording.reader import BagReader
from unified_agent.recording.scores import Score
from unified_agent.vision.detector import Detector
from unified_agent.vision.steady import SECONDS, Steady

STRING = "std_msgs/msg/String"
# Written anew; the old ones are not copied.
LABEL_TOPICS = {topics.SCORES: scores_messages.TYPE, topics.CAPTION: STRING, topics.REACHED: STRING}
# Of a labelled copy, in its custom data.
MARK = "relabelled"
# Moments scored at once: what fits into a processor's cache is scored faster than more.
BATCH = 16
# Messages wait for the scores of their batch, so that the new bag is in the order of time; no longer than this, bytes.
WINDOW = 64 * 2**20


@dataclass(frozen=True)
class Question:
    """What is asked of a recording.

    Attributes:
        clip: the model's spec, for the record.
        image_topics: whose frames are scored together; empty: this package's cameras, or the only image topic.
        steady_seconds: for which a sentence must be over its threshold before it counts as reached.
        tolerance: seconds that frames of one moment may lie apart.
    """

    clip: str = "default"
    image_topics: tuple[str, ...] = ()
    steady_seconds: float = SECONDS
    tolerance: float = TOLERANCE


@dataclass
class Labels:
    """What was found in one recording.

    Attributes:
        source: path of the recording.
        source_bytes: its size.
        asked: the question, with sentences and thresholds.
        image_topics: whose frames were scored.
        frames: moments scored.
        alone: frames without a partner of the other cameras.
        refused: images that gave no frame.
        reached: sentence -> times (seconds) at which it came true.
        true: sentence -> moments in which it was true.
        best: sentence -> highest score.
        lost: what could not be read, and why images gave no frame.
    """

    source: str
    source_bytes: int
    asked: dict
    image_topics: list[str] = field(default_factory=list)
    frames: int = 0
    alone: int = 0
    refused: int = 0
    reached: dict[str, list[float]] = field(default_factory=dict)
    true: dict[str, int] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def place(bag: Path, out: Path) -> Path:
    """Where the labelled copy of a bag lies: ``out/<run>/<bag>``."""
    bag = bag.resolve()
    return out / bag.parent.name / (bag.stem if bag.is_file() else bag.name)


def relabel(
    bag: Path, out: Path, detector: Detector, question: Question, progress: Callable[[int], object] = lambda read: None
) -> Labels:
    """Score every frame of a bag and write a labelled copy; the bag itself stays as it is.

    Written are ``out/<run>/<bag>/`` (the copy, with ``/caption/scores``, ``/caption`` and ``/subgoal/reached`` new),
    ``<bag>.csv`` (a row a moment: its stamp in seconds, the score of every sentence) and, last, ``<bag>.json``
    (`Labels`). What a run that was stopped left half done is made again; what is done is not.

    Args:
        progress: called with the bytes of the bag that were read since the last call.

    Raises:
        UserError: nothing can be read, no image topic fits, its images give no moment, or ``out`` holds the answers to
            another question.
    """
    target = place(bag, out)
    asked = asdict(question) | {
        "image_topics": list(question.image_topics),
        "thresholds": dict(zip(detector.sentences, map(float, detector.thresholds), strict=True)),
    }
    if (done := _done(target, bag, asked)) is not None:
        return done
    reader = BagReader(bag)
    labels = Labels(str(bag), reader.size, asked, list(image_topics(reader, question.image_topics)))
    workshop = target.parent / ".partial"
    shutil.rmtree(workshop / target.name, ignore_errors=True)
    if target.exists():
        if MARK not in BagReader(target).custom_data:
            raise UserError(f"{target} is there already and no labelled copy: give another folder with --out.")
        shutil.rmtree(target)
    workshop.mkdir(parents=True, exist_ok=True)
    table = workshop / f"{target.name}.csv"
    with BagWriter(workshop / target.name) as writer, table.open("w", newline="") as file:
        _Relabeller(reader, writer, csv.writer(file), detector, question, labels).run(progress)
        labels.lost += reader.losses
        writer.custom_data = reader.custom_data | {MARK: json.dumps(asked)}
    (workshop / target.name).rename(target)
    table.replace(_beside(target, ".csv"))
    summary = workshop / f"{target.name}.json"
    summary.write_text(json.dumps(asdict(labels), indent=1) + "\n")
    summary.replace(_beside(target, ".json"))
    return labels


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


def _done(target: Path, bag: Path, asked: dict) -> Labels | None:
    summary = _beside(target, ".json")
    if not summary.is_file():
        return None
    try:
        labels = Labels(**json.loads(summary.read_text()))
    except (ValueError, TypeError):
        raise UserError(f"{summary} is no summary of labels: give another folder with --out.") from None
    if labels.asked != asked or labels.source != str(bag):
        raise UserError(
            f"{target} holds the answers to another question (other sentences, model, thresholds or recording): give "
            "another folder with --out."
        )
    return labels if labels.source_bytes == BagReader(bag).size else None


class _Relabeller:
    def __init__(self, reader: BagReader, writer: BagWriter, table, detector: Detector, question: Question, labels):
        self._reader, self._writer, self._table = reader, writer, table
        self._detector, self._labels = detector, labels
        self._cameras = RecordedCameras(reader, tuple(labels.image_topics), question.tolerance)
        self._steady = Steady(question.steady_seconds)
        self._batch: list[tuple[int, Moment]] = []
        self._window: list[Message] = []
        self._string = common_types().types[STRING]
        for sentence in detector.sentences:
            labels.reached[sentence], labels.true[sentence], labels.best[sentence] = [], 0, -1.0

    def run(self, progress: Callable[[int], object]) -> None:
        for topic in self._reader.topics.values():
            if topic.name not in LABEL_TOPICS:
                self._writer.add(topic)
        for name, kind in LABEL_TOPICS.items():
            self._writer.add(topic_info(name, kind))
        self._table.writerow(["stamp", *self._detector.sentences])
        waiting = position = received = 0
        for message in self._reader.messages():
            if message.topic in LABEL_TOPICS:
                continue
            received = message.received
            self._window.append(message)
            waiting += len(message.data)
            self._batch += [(received, complete) for complete in self._cameras.see(message)]
            if len(self._batch) >= BATCH or waiting > WINDOW:
                self._settle()
                waiting = 0
                progress(self._reader.position - position)
                position = self._reader.position
        self._batch += [(received, complete) for complete in self._cameras.rest()]
        self._settle()
        self._labels.alone, self._labels.refused = self._cameras.alone, self._cameras.refused
        self._labels.lost = self._cameras.causes
        if not self._labels.frames and (why := self._cameras.why_nothing()):
            raise UserError(f"No moment was found in {self._reader.path}: {why}.")
        progress(self._reader.position - position)

    def _settle(self) -> None:
        """Score the batch, and write everything that waits in the order of time."""
        for (received, complete), values in zip(self._batch, self._scores(), strict=True):
            self._window.extend(self._label(received, complete.stamp, values))
        self._window.sort(key=lambda message: message.received)
        for message in self._window:
            self._writer.write(message.topic, message.data, message.received, message.published)
        self._batch, self._window = [], []

    def _scores(self) -> np.ndarray:
        """Of the batch, shape (N, M)."""
        if not self._batch:
            return np.empty((0, len(self._detector.sentences)))
        shapes = {frame.shape for _, complete in self._batch for frame in complete.frames}
        if len(shapes) == 1:
            return self._detector.score_moments(np.stack([np.stack(complete.frames) for _, complete in self._batch]))
        named = (dict(zip(self._labels.image_topics, complete.frames, strict=True)) for _, complete in self._batch)
        return np.stack([self._detector.scores(frames) for frames in named])

    def _label(self, received: int, stamp: int, values: np.ndarray) -> Iterator[Message]:
        detector, labels = self._detector, self._labels
        labels.frames += 1
        self._table.writerow([f"{stamp // NANO}.{stamp % NANO:09d}", *(f"{value:.6f}" for value in values)])
        pairs = zip(detector.sentences, values, detector.thresholds, strict=True)
        scores = {sentence: Score(float(value), float(gamma)) for sentence, value, gamma in pairs}
        seen = self._steady.judge(stamp / NANO, [sentence for sentence, score in scores.items() if score.over])
        scores |= {sentence: replace(scores[sentence], seen=True) for sentence in seen}
        yield Message(topics.SCORES, received, received, scores_messages.encoded(stamp, scores))
        yield Message(topics.CAPTION, received, received, encode(self._string(data=detector.best(values))))
        for sentence, score in scores.items():
            labels.true[sentence] += score.over
            labels.best[sentence] = max(labels.best[sentence], round(score.value, 6))
            if sentence in self._steady.new:
                labels.reached[sentence].append(stamp / NANO)
                yield Message(topics.REACHED, received, received, encode(self._string(data=sentence)))
