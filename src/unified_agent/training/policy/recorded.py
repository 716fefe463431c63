# SPDX-License-Identifier: Apache-2.0
"""What a recording tells of an arm and its objects, by the stamps of what was measured: a bag, or an episode of a
dataset."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from unified_agent import topics
from unified_agent.errors import UserError, nearest
from unified_agent.recording.cameras import RecordedCameras, image_topics
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.reader import DatasetReader
from unified_agent.recording.pairing import TOLERANCE
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import JOINT_STATE, MARKERS, STRING

JUMP = 0.5
"""Seconds by which the stamps of a topic may go back; by more, another run begins in the same recording."""
MOST_APART = 10.0
"""Seconds that the frames of one moment may be let lie apart."""
AXES = "xyz"


class Untold(UserError):
    """A recording that does not tell what is needed: what it has, and what was expected."""


@dataclass(frozen=True)
class Series:
    """What was measured over time.

    Attributes:
        times: seconds, rising, (N,).
        values: (N, ...).
    """

    times: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, samples: Sequence[tuple[float, object]], what: str) -> "Series":
        """Of (seconds, value) in the order in which they came; of equal stamps the last counts.

        Raises:
            Untold: the stamps go back by more than `JUMP`.
        """
        times = np.array([time for time, _ in samples])
        back = np.maximum.accumulate(times) - times
        if len(times) and back.max() > JUMP:
            raise Untold(
                f"the stamps of {what} go back by {back.max():.2f} s: two runs in one recording. Record (or cut) each "
                "apart"
            )
        order = np.argsort(times, kind="stable")
        last = np.append(np.diff(times[order]) > 0, True)[: len(order)]
        return cls(times[order][last], np.array([samples[row][1] for row in order[last]], dtype=float))

    def at(self, times: np.ndarray) -> np.ndarray:
        """Values at these times, between two samples on the line through them; (T, ...)."""
        flat = self.values.reshape(len(self.values), -1)
        columns = [np.interp(times, self.times, column) for column in flat.T]
        return np.stack(columns, axis=-1).reshape(len(times), *self.values.shape[1:])

    def age(self, times: np.ndarray) -> np.ndarray:
        """Seconds to the nearest sample, (T,)."""
        after = np.clip(np.searchsorted(self.times, times), 0, len(self.times) - 1)
        before = np.maximum(after - 1, 0)
        return np.minimum(np.abs(self.times[after] - times), np.abs(times - self.times[before]))


class Recorded(Protocol):
    """One recording. Times are seconds of its stamps.

    Attributes:
        name: for people.
        instruction: what was asked for; empty where that is not told.
        succeeded: whether the agent called it done.
        notes: what could not be used, a line a cause; complete once everything was read.
    """

    name: str
    instruction: str
    succeeded: bool
    notes: list[str]

    def joints(self) -> Mapping[str, Series]:
        """Joint's name -> its measured positions (N,), rad or m."""

    def objects(self) -> Mapping[str, Series]:
        """Object's name -> its positions (N, 3), metres in ``base_link``."""

    def pursued(self, time: float) -> str:
        """The sentence that was pursued then; empty where that is not told."""

    def moments(self) -> Iterator[tuple[float, tuple[np.ndarray, ...]]]:
        """Time and frames (one a camera, uint8 RGB (H, W, 3)) of every moment."""


Whereabouts = Callable[[Recorded], Mapping[str, Series]]
"""Where the objects of a recording were: what its topic (or its dataset's column) says, or what a tracker sees."""


@dataclass(frozen=True)
class Names:
    """How things are called in recordings that others made.

    Attributes:
        joint_topic: of the measured joints; empty: ``/joint_states``, or the only topic of its type.
        objects_topic: of the objects' markers.
        image_topics: whose frames belong together; empty: found.
        joints: the arm's name of a joint -> the recording's.
        tolerance: seconds that the frames of one moment may lie apart.
    """

    joint_topic: str = ""
    objects_topic: str = topics.OBJECTS
    image_topics: tuple[str, ...] = ()
    joints: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        if not 0.0 <= self.tolerance <= MOST_APART:
            raise UserError(f"Frames of one moment lie 0 to {MOST_APART:g} s apart, not {self.tolerance}.")

    def ours(self, joints: Mapping[str, Series]) -> dict[str, Series]:
        """The recording's joints under the arm's names."""
        missing = [theirs for theirs in self.joints.values() if theirs not in joints]
        if missing:
            raise Untold(f"it does not tell the joints {', '.join(missing)}; its joints: {', '.join(joints) or 'none'}")
        return {**joints, **{ours: joints[theirs] for ours, theirs in self.joints.items()}}


class RecordedBag:
    """A rosbag2 recording; see `Recorded`. Messages that are not whole, or not finite, are counted in ``notes``."""

    def __init__(self, path: Path, names: Names = Names()):
        self._reader, self._names = BagReader(path), names
        self.name, self.instruction, self.succeeded = str(path), "", False
        self._bad: dict[str, int] = {}
        self._causes: list[str] = []
        self._subgoals: list[tuple[float, str]] = []
        self._joint_topic = self._topic_of_joints()
        self._joints, self._objects = self._read()

    @property
    def notes(self) -> list[str]:
        bad = [f"{count} messages of {topic} could not be used" for topic, count in self._bad.items()]
        return [*self._reader.losses, *bad, *self._causes]

    def joints(self) -> Mapping[str, Series]:
        return self._joints

    def objects(self) -> Mapping[str, Series]:
        return self._objects

    def pursued(self, time: float) -> str:
        said = [text for when, text in self._subgoals if when <= time]
        return said[-1] if said else ""

    def moments(self) -> Iterator[tuple[float, tuple[np.ndarray, ...]]]:
        cameras = RecordedCameras(
            self._reader, image_topics(self._reader, self._names.image_topics), self._names.tolerance
        )
        found = 0
        for _, moment in cameras.frames():
            found += 1
            yield moment.stamp / NANO, moment.frames
        self._causes = list(cameras.causes)
        if not found:
            raise Untold(f"no moment was found in its images: {cameras.why_nothing() or 'there are none'}")

    def _topic_of_joints(self) -> str:
        of_type = [name for name, topic in self._reader.topics.items() if topic.type == JOINT_STATE]
        wanted = self._names.joint_topic or (topics.JOINT_STATES if topics.JOINT_STATES in of_type else "")
        if not wanted and len(of_type) == 1:
            return of_type[0]
        if wanted and wanted not in of_type:
            raise Untold(f"it has no topic {wanted} of {JOINT_STATE}. {nearest(wanted, self._reader.topics)}")
        if not wanted:
            several = f"several topics of joints ({', '.join(sorted(of_type))}): name one with --state-topic"
            raise Untold(f"it has {several if of_type else f'no {topics.JOINT_STATES}'}")
        return wanted

    def _read(self) -> tuple[dict[str, Series], dict[str, Series]]:
        joints: dict[str, list[tuple[float, float]]] = {}
        objects: dict[str, list[tuple[float, np.ndarray]]] = {}
        kinds = {self._joint_topic: JOINT_STATE, self._names.objects_topic: MARKERS}
        kinds |= {topics.SUBGOAL: STRING, topics.EPISODE: STRING, topics.INSTRUCTION: STRING}
        there = self._reader.topics
        heard = [name for name, kind in kinds.items() if name in there and there[name].type == kind]
        for message in self._reader.messages(heard):
            received = message.received / NANO
            try:
                said = self._reader.decode(message)
            except BadMessage:
                self._bad[message.topic] = self._bad.get(message.topic, 0) + 1
                continue
            if message.topic == self._joint_topic:
                time = _seconds(said.header.stamp) or received
                for name, position in zip(said.name, said.position, strict=False):
                    self._keep(joints, name, time, float(position), message.topic)
            elif message.topic == self._names.objects_topic:
                for marker in said.markers:
                    point = marker.pose.position
                    position = np.array([point.x, point.y, point.z])
                    self._keep(objects, marker.ns, _seconds(marker.header.stamp) or received, position, message.topic)
            else:
                self._hear(message.topic, said.data, received)
        return (
            self._names.ours({name: Series.of(samples, self._joint_topic) for name, samples in joints.items()}),
            {name: Series.of(samples, self._names.objects_topic) for name, samples in objects.items()},
        )

    def _keep(self, into: dict, name: str, time: float, value, topic: str) -> None:
        if np.isfinite(value).all():
            into.setdefault(name, []).append((time, value))
        else:
            self._bad[topic] = self._bad.get(topic, 0) + 1

    def _hear(self, topic: str, text: str, received: float) -> None:
        verb, _, rest = text.partition(" ")
        if topic == topics.SUBGOAL:
            self._subgoals.append((received, text))
        elif topic == topics.INSTRUCTION:
            self.instruction = self.instruction or text
        elif verb == "start":
            self.instruction = rest or self.instruction
        elif verb == "end":
            self.succeeded = rest == "success"


class RecordedEpisode:
    """An episode of a LeRobot dataset; see `Recorded`. How it ended, and what was pursued, such a dataset does not
    tell."""

    def __init__(self, dataset: DatasetReader, number: int, name: str, names: Names = Names()):
        self._dataset, self._number, self._names = dataset, number, names
        self.name, self.instruction, self.succeeded = name, dataset.task(number), False
        self.notes: list[str] = []

    def joints(self) -> Mapping[str, Series]:
        return self._names.ours(self._series(layout.STATE, 1))

    def objects(self) -> Mapping[str, Series]:
        return self._series(layout.OBJECTS, 3)

    def pursued(self, time: float) -> str:
        return ""

    def moments(self) -> Iterator[tuple[float, tuple[np.ndarray, ...]]]:
        if not self._dataset.cameras:
            raise Untold("the dataset has no videos")
        for row in self._dataset.rows(self._number):
            yield row.seconds, tuple(row.frames.values())

    def _series(self, feature: str, size: int) -> dict[str, Series]:
        """The columns of a vector: one a name, or, of ``name.x``, ``name.y``, ``name.z``, three."""
        names = self._dataset.names(feature)
        if not names:
            return {}
        times, values = self._dataset.vectors(self._number, feature)
        if size == 1:
            columns = {name: [index] for index, name in enumerate(names)}
        else:
            found = {name.rpartition(".")[0] for name in names}
            triples = {one: [f"{one}.{axis}" for axis in AXES] for one in found}
            columns = {one: list(map(names.index, of)) for one, of in triples.items() if set(of) <= set(names)}
        return {
            name: Series(
                times[whole], values[whole][:, index].squeeze(axis=1) if size == 1 else values[whole][:, index]
            )
            for name, index in columns.items()
            if (whole := np.isfinite(values[:, index]).all(axis=1)).any()
        }


def _seconds(stamp) -> float:
    return stamp.sec + stamp.nanosec / NANO
