# SPDX-License-Identifier: Apache-2.0
"""A recording as rows at a fixed rate: frames of all cameras, joints, objects and sub-goal of the frames' own time."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from unified_agent import topics
from unified_agent.recording.cameras import RecordedCameras
from unified_agent.recording.cdr import NANO, BadMessage, Message, stamp_in
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.clock import CameraClock, MessageTimes
from unified_agent.recording.lerobot.order import StampOrder
from unified_agent.recording.lerobot.rate import FrameRate, Grid, frame_rate
from unified_agent.recording.lerobot.signals import LARGEST, LAST, CommandCurve, Commands, Curve, Signals, Words
from unified_agent.recording.lerobot.sources import TRAJECTORY, SignalTopics, seconds_of
from unified_agent.recording.losses import Losses
from unified_agent.recording.pairing import Moment
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import JOINT_STATE, MARKERS, STRING

# A recording that stands still for longer than this (seconds) is not filled up with copies of its last frame.
LONGEST_GAP = 5.0
# Seconds that a state or an object's position may lie from its frame.
MAX_AGE = 0.5
# A message that came later than this after its stamp (seconds) is worth telling.
_LATE = 0.2
# Markers that take objects away.
_DELETE = (2, 3)


@dataclass(frozen=True)
class Row:
    """What was so at one time.

    Attributes:
        frames: uint8 RGB (H, W, 3), in the order of the cameras; H and W even.
        joints: name -> position, rad or m.
        objects: name -> position (3,), metres, in the frame of ``/objects``.
        subgoal: the sentence pursued; empty when idle.
        action: name -> what was commanded; None where no topic tells.
        repeated: the frames are the last row's, because the camera left one out.
    """

    frames: tuple[np.ndarray, ...]
    joints: dict[str, float]
    objects: dict[str, np.ndarray]
    subgoal: str
    action: dict[str, float] | None = None
    repeated: bool = False


class RecordedRows:
    """Reads a recording twice: everything but the pictures first, then the pictures.

    Everything is taken at the frames' stamps, whenever it came: joints and objects on the line between the two nearest
    samples, a command where it wants its joint at the next row, a sub-goal as it stood. A message without a stamp, or
    stamped by another clock than the frames, counts at its time of the recording.

    Args:
        reader: of the recording.
        cameras: image topics, in the order of the rows' frames.
        signals: where states and actions are.
        max_age: seconds that the nearest joint state may lie from a frame; frames without one are left out.
        by_stamp: False takes joints, objects and commands at their time of the recording.

    Attributes:
        own_rate: of the slowest camera; None where it has fewer than two stamps.
    """

    def __init__(
        self,
        reader: BagReader,
        cameras: tuple[str, ...],
        signals: SignalTopics,
        max_age: float = MAX_AGE,
        by_stamp: bool = True,
    ):
        self._reader, self._cameras, self._signals = reader, cameras, signals
        self._max_age, self._by_stamp = max_age, by_stamp
        self._told = Losses()
        self._states = {topic: Signals(f"joint states on {topic}", self._told) for topic in signals.states}
        self._actions: dict[str, Signals | Commands] = {
            topic: (Signals if reader.topics[topic].type == JOINT_STATE else Commands)(
                f"actions on {topic}", self._told
            )
            for topic in signals.actions
        }
        self._markers = Signals(f"positions on {topics.OBJECTS}", self._told)
        self._words = Words()
        self._stamps: dict[str, tuple[array, array]] = {topic: (array("q"), array("q")) for topic in cameras}
        self._read()
        slowest = min(cameras, key=lambda topic: len(self._stamps[topic][0]))
        self._pace = np.asarray(self._stamps[slowest][1], np.int64)
        self.own_rate: FrameRate | None = frame_rate(self._pace)
        self._settle()

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the state."""
        return tuple(self._state_curves)

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of what was commanded; none where no topic tells."""
        return tuple(self._action_curves)

    @property
    def told(self) -> list[str]:
        """What was left out, late or taken otherwise than by its stamp, with counts; complete after `rows`."""
        return self._told.lines

    def rows(self, rate: int) -> Iterator[Row]:
        """At ``rate`` rows a second.

        Of several frames nearest to the same tick the first is taken; where there is none the last is repeated.
        """
        seen = RecordedCameras(self._reader, self._cameras)
        grid, tick, last, newest = None, -1, None, None
        for moment in self._moments(seen):
            if newest is not None and moment.stamp <= newest:
                self._told.add("frames dropped whose stamps do not go forward")
                continue
            newest = moment.stamp
            grid = grid or Grid(self._pace, self.own_rate, rate, moment.stamp)
            due = grid.tick(moment.stamp)
            if due <= tick:
                self._told.add(f"frames left out that are more than {rate} a second")
                continue
            missing = due - tick - 1 if last is not None else 0
            if missing > LONGEST_GAP * rate:
                self._told.add(f"pauses of the cameras of more than {LONGEST_GAP:g} s, cut")
                missing = 0
            for number in range(missing):
                between = self._row(last.frames, grid.stamp(due - missing + number), rate)
                if between is not None:
                    self._told.add("frames repeated where a camera left one out")
                    yield replace(between, repeated=True)
            tick = due
            if any(side < 2 for frame in moment.frames for side in frame.shape[:2]):
                self._told.add("frames left out that are less than two pixels wide or high")
                continue
            row = self._row(self._even(moment.frames), moment.stamp, rate)
            if row is not None:
                last = row
                yield row
        self._tell_of_cameras(seen)

    def _moments(self, seen: RecordedCameras) -> Iterator[Moment]:
        # Packets of a video are decoded in the order in which they were written.
        pictures = {topic for topic in self._cameras if self._reader.topics[topic].type in (IMAGE, COMPRESSED_IMAGE)}
        order = StampOrder({topic: s if topic in pictures else range(len(s)) for topic, (_, s) in self._stamps.items()})
        for message in order.sorted(self._reader.messages(self._cameras)):
            yield from seen.see(message)
        yield from seen.rest()
        if order.moved:
            self._told.add("images that came later than younger ones, put in order", order.moved)

    def why_nothing(self) -> str:
        """Why there was no row, after `rows`."""
        return "; ".join(self.told) or "it has no moment with frames of all cameras"

    def _read(self) -> None:
        has = {name: topic.type for name, topic in self._reader.topics.items()}
        other = [name for name, kind in ((topics.OBJECTS, MARKERS), (topics.SUBGOAL, STRING)) if has.get(name) == kind]
        heard = dict.fromkeys((*self._states, *self._actions, *other))
        for message in self._reader.messages([*self._cameras, *heard]):
            if message.topic in self._stamps:
                received, stamps = self._stamps[message.topic]
                received.append(min(message.received, LAST))
                stamp = stamp_in(message.data)
                if not stamp:
                    self._told.add(f"images on {message.topic} without a stamp, taken at the time of the recording")
                stamps.append(stamp or received[-1])
                continue
            try:
                said = self._reader.decode(message)
            except BadMessage as error:
                self._told.add(f"messages on {message.topic} that are not whole ({str(error)[:80]})")
                continue
            self._note(message, said)

    def _note(self, message: Message, said) -> None:
        if message.topic in self._states:
            self._states[message.topic].add(message.received, _time(said.header.stamp), said.name, said.position)
        if message.topic in self._actions:
            self._note_action(message, said)
        if message.topic == topics.SUBGOAL:
            self._words.add(message.received, said.data)
        elif message.topic == topics.OBJECTS:
            for marker in said.markers:
                point = marker.pose.position
                position = (point.x, point.y, point.z)
                if not all(abs(value) <= LARGEST for value in position):
                    self._markers.lose("positions that are no numbers")
                elif marker.ns and marker.action not in _DELETE:
                    self._markers.add(message.received, _time(marker.header.stamp), layout.axes([marker.ns]), position)

    def _note_action(self, message: Message, said) -> None:
        kept, kind = self._actions[message.topic], self._reader.topics[message.topic].type
        if kind == JOINT_STATE:
            kept.add(message.received, _time(said.header.stamp), said.name, said.position)
        elif kind == TRAJECTORY:
            points = [(seconds_of(point.time_from_start), point.positions) for point in said.points]
            # A stamp of zero means "now": the time of the recording.
            kept.add(message.received, _time(said.header.stamp), said.joint_names, points)
        else:
            names = [f"command_{number}" for number in range(len(said.data))]
            kept.add(message.received, 0, names, [(0.0, said.data)])

    def _settle(self) -> None:
        received = np.concatenate([np.asarray(received, np.int64) for received, _ in self._stamps.values()])
        stamps = np.concatenate([np.asarray(stamps, np.int64) for _, stamps in self._stamps.values()])
        clock = CameraClock(received, stamps)
        if clock.apart:
            self._told.add(f"the cameras' stamps are {clock.offset:+.1f} s from the time of the recording")
        if self.own_rate is not None and not self.own_rate.steady:
            self._told.add(f"the cameras' rate varies: about {self.own_rate.a_second:.1f} a second")
        self._state_curves = self._merged(self._states, clock)
        self._action_curves = self._merged(self._actions, clock)
        self._objects, times = self._markers.curves(clock, self._by_stamp)
        self._tell_of_times(self._markers.what, times)
        self._words.settle(clock)

    def _merged(self, kept: dict, clock: CameraClock) -> dict[str, Curve | CommandCurve]:
        """The curves of several topics; names that two topics share begin with their topics'."""
        curves: dict[str, Curve | CommandCurve] = {}
        names = [name for signals in kept.values() for name in signals.names]
        for topic, signals in kept.items():
            found, times = signals.curves(clock, self._by_stamp)
            what = signals.what if isinstance(signals, Signals) else f"actions on {topic}"
            self._tell_of_times(what, times, commands=isinstance(signals, Commands))
            for name, curve in found.items():
                curves[name if names.count(name) == 1 else f"{topic.strip('/')}/{name}"] = curve
        return curves

    def _tell_of_times(self, what: str, times: MessageTimes, commands: bool = False) -> None:
        if times.unstamped and not commands:
            self._told.add(f"{what} without a stamp of their own, taken at the time of the recording", times.unstamped)
        if times.foreign:
            self._told.add(
                f"{what} stamped by another clock ({-times.apart:+.1f} s from the cameras'), taken at the time of the "
                "recording",
                times.foreign,
            )
        if times.latest > _LATE:
            self._told.add(f"{what} came up to {times.latest:.1f} s after their stamps")

    def _row(self, frames: tuple[np.ndarray, ...], stamp: int, rate: int) -> Row | None:
        """The row at a time; None where no joint state, or no command, is near it."""
        joints, action, objects = {}, {}, {}
        for name, curve in self._state_curves.items():
            joints[name], age = curve.at(stamp, self._max_age)
            if age > self._max_age:
                self._told.add(f"frames left out without a joint state within {self._max_age:g} s (--max-age)")
                return None
        for name, curve in self._action_curves.items():
            if isinstance(curve, CommandCurve):
                value = curve.at(stamp, NANO // rate)
            else:
                value, age = curve.at(stamp, self._max_age)
                value = None if age > self._max_age else value
            if value is None:
                self._told.add("frames left out without an action (before the first one, or --max-age)")
                return None
            action[name] = value
        for name, curve in self._objects.items():
            objects[name], age = curve.at(stamp, self._max_age)
            if age > self._max_age:
                objects[name], _ = curve.newest(stamp)
                self._told.add(f"positions of '{name[:-2]}' older than {self._max_age:g} s, taken all the same")
        found = dict.fromkeys(name[:-2] for name in objects)
        positions = {name: np.array([objects[axis] for axis in layout.axes([name])]) for name in found}
        return Row(frames, joints, positions, self._words.at(stamp), action if self._action_curves else None)

    def _even(self, frames: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """H.264 has pictures of even sides."""
        if any(side % 2 for frame in frames for side in frame.shape[:2]):
            self._told.add("frames of odd sides: their last row or column is left out")
            frames = tuple(frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2] for frame in frames)
        return frames

    def _tell_of_cameras(self, seen: RecordedCameras) -> None:
        for cause in seen.causes:
            self._told.add(cause)
        if seen.alone:
            self._told.add("frames without partners of the other cameras", seen.alone)
        if not seen.refused and (why := seen.why_nothing()):
            self._told.add(why)


def _time(stamp) -> int:
    return stamp.sec * NANO + stamp.nanosec
