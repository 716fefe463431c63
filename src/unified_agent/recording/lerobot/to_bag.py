# SPDX-License-Identifier: Apache-2.0
"""An episode of a LeRobot dataset as a recording, as if this package's recorder had written it."""

from pathlib import Path

import numpy as np

from unified_agent import topics
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.facts import EpisodeFacts
from unified_agent.recording.images import IMAGE
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.reader import DatasetReader, DatasetRow
from unified_agent.recording.said import JOINT_STATE, MARKERS, STRING

# Time of the first moment: a stamp of zero means "not stamped".
START = NANO
MICRO = 1_000_000
_CUBE = 1


def to_bag(dataset: DatasetReader, number: int, folder: Path) -> int:
    """Write an episode: ``/camera/<name>/image_raw``, ``/instruction``, ``/episode``, and of what the dataset has
    ``/joint_states``, ``/action`` (joint states too), ``/objects`` and ``/subgoal``.

    How an episode ended a dataset does not tell: its end is recorded, without a result.

    Args:
        folder: new.

    Returns:
        Its moments.

    Raises:
        NoDataset: a file of the episode is missing or broken; the folder is not whole then.
    """
    task, moments, last, subgoal = dataset.task(number), 0, START, ""
    with BagWriter(folder) as bag:
        images = dict(zip(dataset.cameras, map(topics.image, layout.camera_names(dataset.cameras)), strict=True))
        kinds = {topics.INSTRUCTION: STRING, topics.EPISODE: STRING, **dict.fromkeys(images.values(), IMAGE)}
        kinds |= {topics.JOINT_STATES: JOINT_STATE} if dataset.joints else {}
        kinds |= {layout.ACTION_TOPIC: JOINT_STATE} if dataset.actions else {}
        kinds |= {topics.OBJECTS: MARKERS} if dataset.objects else {}
        kinds |= {topics.SUBGOAL: STRING} if dataset.subgoals else {}
        for topic, kind in kinds.items():
            bag.add_topic(topic, kind)
        _say(bag, topics.INSTRUCTION, task, START)
        _say(bag, topics.EPISODE, f"start {task}", START)
        for row in dataset.rows(number):
            # Datasets keep their times in 32 bits: what is below a microsecond is noise.
            last = START + round(row.seconds * MICRO) * (NANO // MICRO)
            if row.subgoal != subgoal:
                subgoal = row.subgoal
                _say(bag, topics.SUBGOAL, subgoal, last)
            _write_numbers(bag, dataset, row, last)
            for camera, frame in row.frames.items():
                height, width = frame.shape[:2]
                image = _types()[IMAGE](
                    _header(last, camera), height, width, "rgb8", 0, 3 * width, np.ascontiguousarray(frame).reshape(-1)
                )
                bag.write(images[camera], encode(image), last)
            moments += 1
        _say(bag, topics.EPISODE, "end", last)
        EpisodeFacts(task, start=START / NANO, end=last / NANO).write(folder)
    return moments


def _write_numbers(bag: BagWriter, dataset: DatasetReader, row: DatasetRow, time: int) -> None:
    none = np.zeros(0)
    columns = ((topics.JOINT_STATES, dataset.joints, row.state), (layout.ACTION_TOPIC, dataset.actions, row.action))
    for topic, names, values in columns:
        if values is not None:
            state = _types()[JOINT_STATE](_header(time), list(names), values, none, none)
            bag.write(topic, encode(state), time)
    if row.objects:
        markers = [_marker(name, position, time) for name, position in row.objects.items()]
        bag.write(topics.OBJECTS, encode(_types()[MARKERS](markers=markers)), time)


def _say(bag: BagWriter, topic: str, text: str, time: int) -> None:
    bag.write(topic, encode(_types()[STRING](data=text)), time)


def _types() -> dict:
    return common_types().types


def _header(time: int, frame: str = ""):
    stamp = _types()["builtin_interfaces/msg/Time"](sec=time // NANO, nanosec=time % NANO)
    return _types()["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)


def _marker(name: str, position: np.ndarray, time: int):
    """A cube of 4 cm: a dataset tells where an object is, and not what it looks like."""
    types = _types()
    vector = types["geometry_msgs/msg/Vector3"](0.04, 0.04, 0.04)
    turn = types["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0)
    pose = types["geometry_msgs/msg/Pose"](types["geometry_msgs/msg/Point"](*map(float, position)), turn)
    nothing = np.zeros(0, np.uint8)
    return types["visualization_msgs/msg/Marker"](
        header=_header(time, "base_link"),
        ns=name,
        id=0,
        type=_CUBE,
        action=0,
        pose=pose,
        scale=vector,
        color=types["std_msgs/msg/ColorRGBA"](0.5, 0.5, 0.5, 1.0),
        lifetime=types["builtin_interfaces/msg/Duration"](0, 0),
        frame_locked=False,
        points=[],
        colors=[],
        texture_resource="",
        texture=types["sensor_msgs/msg/CompressedImage"](_header(0), "", nothing),
        uv_coordinates=[],
        text="",
        mesh_resource="",
        mesh_file=types["visualization_msgs/msg/MeshFile"]("", nothing),
        mesh_use_embedded_materials=False,
    )
