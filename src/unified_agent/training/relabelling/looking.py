# SPDX-License-Identifier: Apache-2.0
"""One recording looked at from its beginning to its end: its scores, its copy and its finds."""

import csv
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Protocol

import numpy as np

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.recording import scores as scores_messages
from unified_agent.recording.bag import BagWriter, topic_info
from unified_agent.recording.cameras import RecordedCameras, choose
from unified_agent.recording.cdr import NANO, Message, common_types, encode
from unified_agent.recording.copies import MARK
from unified_agent.recording.fingerprint import fingerprint, size
from unified_agent.recording.losses import Losses
from unified_agent.recording.pairing import Moment
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import STRING
from unified_agent.recording.scores import ScoreEncoder
from unified_agent.training.relabelling.labels import Labels
from unified_agent.training.relabelling.pictures import file_name, thumbnail
from unified_agent.training.relabelling.places import PICTURES, SCORES, SUMMARY
from unified_agent.training.relabelling.question import Question
from unified_agent.training.relabelling.stretches import Instant, Stretches
from unified_agent.vision.clip import FRAMES
from unified_agent.vision.detector import Detector

# Written anew; the old ones are not copied.
LABEL_TOPICS = {topics.SCORES: scores_messages.TYPE, topics.CAPTION: STRING, topics.REACHED: STRING}
# Messages wait for the scores of their batch, so that the new bag is in the order of time; no longer than this, bytes.
WINDOW = 64 * 2**20
# Times before 1970 and after 2554 cannot be written.
_LATEST = 2**64 - 1


def look(
    bag: Path,
    folder: Path,
    name: str,
    detector: Detector,
    question: Question,
    progress: Callable[[int], object] = lambda read: None,
    device: str = "cpu",
) -> Labels:
    """Score every frame of a bag; the bag itself stays as it is.

    Written into ``folder``: ``<name>/`` (the copy, with ``/caption/scores``, ``/caption`` and ``/subgoal/reached``
    new), ``<name>.csv`` (a row a moment: its stamp in seconds, the score of every sentence), ``<name>.moments/``
    (thumbnails) and, last, ``<name>.json`` (`Labels`).

    Args:
        folder: a new one.
        progress: called with the bytes of the bag that were read since the last call.

    Raises:
        UserError: nothing can be read, no image topic fits, or its images give no moment.
    """
    state = fingerprint(bag)
    reader = BagReader(bag)
    choice = choose(reader, question.image_topics)
    labels = Labels(str(bag), size(bag), state, image_topics=list(choice.names))
    labels.thresholds = dict(zip(detector.sentences, map(float, np.round(detector.thresholds, 6)), strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    asked = json.dumps(asdict(question) | {"thresholds": labels.thresholds, "source": labels.source})
    writer = _Copy(folder / name, reader, asked) if question.copies else _NoCopy()
    with (folder / f"{name}{SCORES}").open("w", newline="", encoding="utf-8") as file:
        looker = _Looker(reader, writer, file, detector, question, labels, FRAMES[device])
        try:
            looker.run(progress)
        except BaseException:
            writer.abandon()
            raise
        writer.close()
    labels.lost += choice.left_out + writer.lost + reader.losses
    _save_finds(looker.stretches, looker.start, labels, folder / f"{name}{PICTURES}")
    labels.save(folder / f"{name}{SUMMARY}")
    return labels


class _Looker:
    def __init__(self, reader: BagReader, writer, table, detector: Detector, question: Question, labels, frames: int):
        self._reader, self._writer, self._table = reader, writer, table
        self._detector, self._labels = detector, labels
        sentences, gammas = detector.sentences, np.round(detector.thresholds.astype(float), 6)
        self._gammas = gammas
        self._cameras = RecordedCameras(reader, tuple(labels.image_topics), question.tolerance)
        self._batch: list[tuple[int, Moment]] = []
        self._at_once = max(1, frames // len(labels.image_topics))
        self._encoder = ScoreEncoder(sentences, gammas, detector.calibrated)
        self._trust = question.trust_unfamiliar
        string = common_types().types[STRING]
        self._said = [encode(string(data=sentence)) for sentence in sentences]
        self._row = "{}.{:09d}" + ",{:.6f}" * len(sentences) + "\r\n"
        self._best = np.full(len(sentences), -1.0)
        self._true = np.zeros(len(sentences), int)
        self._reached: list[list[float]] = [[] for _ in sentences]
        self.stretches = Stretches(sentences, gammas.tolist(), question.steady_seconds, question.thumbnails)
        self.start: int = 0

    def run(self, progress: Callable[[int], object]) -> None:
        csv.writer(self._table).writerow(["stamp", *self._detector.sentences])
        reader, names = self._reader, frozenset(self._labels.image_topics)
        waiting = position = received = 0
        start: int | None = None
        for message in reader.messages():
            received = message.received
            start = received if start is None or received < start else start
            waiting += len(message.data)
            self._writer.put(message)
            if message.topic in names:
                self._batch += zip(repeat(received), self._cameras.see(message))
            if len(self._batch) >= self._at_once or waiting > WINDOW:
                self._settle()
                waiting = 0
                progress(reader.position - position)
                position = reader.position
        self._batch += zip(repeat(received), self._cameras.rest())
        self._settle()
        self.stretches.end()
        self.start = start or 0
        self._sum_up()
        progress(reader.position - position)

    def _sum_up(self) -> None:
        labels, sentences = self._labels, self._detector.sentences
        labels.alone, labels.refused, labels.lost = self._cameras.alone, self._cameras.refused, self._cameras.told
        labels.reached = dict(zip(sentences, self._reached, strict=True))
        labels.true = dict(zip(sentences, self._true.tolist(), strict=True))
        labels.best = dict(zip(sentences, self._best.tolist(), strict=True))
        if not labels.frames:
            nothing = f"no image came on {' or '.join(labels.image_topics)}"
            why = "; ".join(filter(None, (self._cameras.why_nothing() or nothing, *self._reader.losses)))
            raise UserError(f"No moment was found in {self._reader.path}: {why}.")

    def _settle(self) -> None:
        """Score the batch, and write everything that waits in the order of time."""
        while self._batch:
            batch, self._batch = self._batch[: self._at_once], self._batch[self._at_once :]
            # What is decided is decided by the scores that are written down.
            scores, strange = self._views(batch)
            values = np.round(scores.astype(float), 6) + 0.0
            over = values > self._gammas
            true = over if self._trust else over & ~strange[:, None]
            self._true += true.sum(axis=0)
            self._best = np.maximum(self._best, values.max(axis=0))
            captions = np.argmax(values - self._gammas, axis=1)
            rows = zip(*(part.tolist() for part in (values, over, true, ~strange, captions)), strict=True)
            for (received, moment), row in zip(batch, rows, strict=True):
                self._label(received, moment, *row)
        self._writer.settle()

    def _views(self, batch: list[tuple[int, Moment]]) -> tuple[np.ndarray, np.ndarray]:
        """Scores, shape (N, M), and which moments show a scene that the model does not know, (N,)."""
        shapes = {frame.shape for _, moment in batch for frame in moment.frames}
        if len(shapes) == 1:
            views = [self._detector.views(np.stack([np.stack(moment.frames) for _, moment in batch]))]
        else:
            named = (dict(zip(self._labels.image_topics, moment.frames, strict=True)) for _, moment in batch)
            views = [self._detector.look(frames) for frames in named]
        scores = np.concatenate([np.atleast_2d(view.scores) for view in views])
        if views[0].unfamiliar is None:
            return scores, np.zeros(len(scores), bool)
        return scores, np.concatenate([np.atleast_1d(view.unfamiliar) for view in views])

    def _label(
        self,
        received: int,
        moment: Moment,
        values: list[float],
        over: list[bool],
        held: list[bool],
        familiar: bool,
        best: int,
    ) -> None:
        stamp = moment.stamp
        self._labels.frames += 1
        self._labels.unfamiliar += not familiar
        self._table.write(self._row.format(stamp // NANO, stamp % NANO, *values))
        true = [number for number, one in enumerate(held) if one]
        picture = partial(thumbnail, moment.frames)
        seen, reached = self.stretches.judge(Instant(received, stamp), true, values, picture, familiar)
        levels = [number in seen for number in range(len(over))]
        self._writer.label(topics.SCORES, self._encoder.encode(stamp, values, over, levels, familiar), received)
        self._writer.label(topics.CAPTION, self._said[best], received)
        for number in reached:
            self._reached[number].append(stamp / NANO)
            self._writer.label(topics.REACHED, self._said[number], received)


class _Writing(Protocol):
    """Where the messages of a bag and their labels go.

    Attributes:
        lost: what was left out, and is not told otherwise.
    """

    lost: list[str]

    def put(self, message: Message) -> None: ...
    def label(self, topic: str, data: bytes, received: int) -> None: ...
    def settle(self) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


class _NoCopy:
    def __init__(self) -> None:
        self.lost: list[str] = []

    def put(self, message: Message) -> None:
        """Not copied."""

    def label(self, topic: str, data: bytes, received: int) -> None:
        """Not written as a message."""

    def settle(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    abandon = close


class _Copy:
    """The labelled copy: everything that was there but old labels, and the new ones."""

    def __init__(self, folder: Path, reader: BagReader, asked: str):
        self._bag = BagWriter(folder, quick=True)
        self._bag.custom_data = reader.custom_data | {MARK: asked}
        self._window: list[Message] = []
        self._losses = Losses()
        for topic in reader.topics.values():
            if topic.name not in LABEL_TOPICS:
                self._bag.add(topic)
            elif topic.type != LABEL_TOPICS[topic.name]:
                self._losses.add(
                    f"{topic.name}: its messages of the type {topic.type[:80]} are not in the copy, which has "
                    f"{LABEL_TOPICS[topic.name]} there"
                )
        for name, kind in LABEL_TOPICS.items():
            self._bag.add(topic_info(name, kind))

    @property
    def lost(self) -> list[str]:
        return self._losses.lines

    def put(self, message: Message) -> None:
        if message.topic not in LABEL_TOPICS:
            self._window.append(message)

    def label(self, topic: str, data: bytes, received: int) -> None:
        self._window.append(Message(topic, received, received, data))

    def settle(self) -> None:
        self._window.sort(key=lambda message: message.received)
        for topic, received, published, data in self._window:
            if not (0 <= received <= _LATEST and 0 <= published <= _LATEST):
                self._losses.add(f"{topic}: a message from before 1970 is dated 1970 in the copy")
                received, published = max(0, min(received, _LATEST)), max(0, min(published, _LATEST))
            self._bag.write(topic, data, received, published)
        self._window = []

    def close(self) -> None:
        self._bag.close()

    def abandon(self) -> None:
        self._bag.abandon()


def _save_finds(stretches: Stretches, start: int, labels: Labels, folder: Path) -> None:
    for number, (find, picture) in enumerate(stretches.finds(start)):
        if picture is not None:
            folder.mkdir(exist_ok=True)
            find.picture = file_name(number, find)
            (folder / find.picture).write_bytes(picture)
        labels.finds.append(find)
