# SPDX-License-Identifier: Apache-2.0
"""A recording as rows at a fixed rate: frames of all cameras, joints, objects and sub-goal of the same time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.recording.cameras import RecordedCameras
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.reader import BagReader

JOINT_STATE = "sensor_msgs/msg/JointState"
MARKERS = "visualization_msgs/msg/MarkerArray"
STRING = "std_msgs/msg/String"
# Sets of frames from which the rate is guessed.
GUESSED_FROM = 100
# A recording that stands still for longer than this (seconds) is not filled up with copies of its last frame.
LONGEST_GAP = 5.0


@dataclass(frozen=True)
class Row:
    """What was so at one time.

    Attributes:
        frames: uint8 RGB (H, W, 3), in the order of the cameras.
        joints: name -> position, rad or m, as ``/joint_states`` has them.
        objects: name -> position (3,), metres, in the frame of ``/objects``.
        subgoal: the sentence pursued; empty when idle.
        repeated: the frames are the last row's, because the camera left one out.
    """

    frames: tuple[np.ndarray, ...]
    joints: dict[str, float]
    objects: dict[str, np.ndarray]
    subgoal: str
    repeated: bool = False


def rate_of(reader: BagReader, cameras: tuple[str, ...]) -> int:
    """Frames a second, from the usual distance of the first stamps.

    Raises:
        UserError: fewer than two rows.
    """
    stamps = []
    for _, complete in RecordedCameras(reader, cameras).frames():
        stamps.append(complete.stamp)
        if len(stamps) > GUESSED_FROM:
            break
    if len(stamps) < 2:
        raise UserError(f"{reader.path} has {len(stamps)} rows: a dataset needs two at least.")
    return max(1, round(NANO / float(np.median(np.diff(stamps)))))


def rows(reader: BagReader, cameras: tuple[str, ...], rate: int) -> Iterator[Row]:
    """Of a bag, from the first frame with joint states on (from the first frame where the bag has none).

    Of several frames nearest to the same tick the first is taken; where there is none the last is repeated.
    """
    has = {name: topic.type for name, topic in reader.topics.items()}
    words = {
        topics.JOINT_STATES: JOINT_STATE,
        topics.OBJECTS: MARKERS,
        topics.SUBGOAL: STRING,
    }
    heard = [name for name, kind in words.items() if has.get(name) == kind]
    seen = RecordedCameras(reader, cameras)
    joints: dict[str, float] = {}
    objects: dict[str, np.ndarray] = {}
    subgoal = ""
    start, tick, last = None, -1, None
    for message in reader.messages([*cameras, *heard]):
        if message.topic in heard:
            try:
                said = reader.decode(message)
            except BadMessage:
                continue
            if message.topic == topics.JOINT_STATES:
                joints = joints | dict(zip(said.name, map(float, said.position), strict=False))
            elif message.topic == topics.OBJECTS:
                objects = objects | {one.ns: _position(one) for one in said.markers if one.ns}
            else:
                subgoal = said.data
        for complete in seen.see(message):
            if topics.JOINT_STATES in heard and not joints:
                continue
            start = complete.stamp if start is None else start
            due = round((complete.stamp - start) * rate / NANO)
            if due <= tick:
                continue
            missing = due - tick - 1
            for _ in range(missing if last is not None and missing <= LONGEST_GAP * rate else 0):
                yield replace(last, repeated=True)
            last, tick = Row(complete.frames, joints, objects, subgoal), due
            yield last


def _position(marker) -> np.ndarray:
    point = marker.pose.position
    return np.array([point.x, point.y, point.z])
