# SPDX-License-Identifier: Apache-2.0
"""A short recording with everything that a dataset takes."""

from pathlib import Path

import numpy as np
import pytest

from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.facts import EpisodeFacts
from unified_agent.recording.images import IMAGE

STRING = "std_msgs/msg/String"
JOINT_STATE = "sensor_msgs/msg/JointState"
MARKERS = "visualization_msgs/msg/MarkerArray"
GRASP = "the robot is grasping the red object"
TYPES = common_types().types
CAMERAS = ("left", "right")


def grey(level: int) -> np.ndarray:
    return np.full((32, 48, 3), level, np.uint8)


def header(seconds: float):
    stamp = TYPES["builtin_interfaces/msg/Time"](sec=int(seconds), nanosec=round(seconds % 1 * NANO))
    return TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="base_link")


def image(seconds: float, level: int) -> bytes:
    return encode(TYPES[IMAGE](header(seconds), 32, 48, "rgb8", 0, 144, grey(level).reshape(-1)))


def joints(seconds: float, elbow: float) -> bytes:
    none = np.zeros(0)
    return encode(TYPES[JOINT_STATE](header(seconds), ["elbow", "finger"], np.array([elbow, 0.04]), none, none))


def markers(seconds: float, x: float) -> bytes:
    vector, colour = TYPES["geometry_msgs/msg/Vector3"], TYPES["std_msgs/msg/ColorRGBA"]
    pose = TYPES["geometry_msgs/msg/Pose"](
        TYPES["geometry_msgs/msg/Point"](x, 0.25, 0.5), TYPES["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0)
    )
    empty = TYPES["sensor_msgs/msg/CompressedImage"](header(0), "", np.zeros(0, np.uint8))
    marker = TYPES["visualization_msgs/msg/Marker"](
        header=header(seconds),
        ns="red",
        id=0,
        type=1,
        action=0,
        pose=pose,
        scale=vector(0.04, 0.04, 0.04),
        color=colour(1.0, 0.0, 0.0, 1.0),
        lifetime=TYPES["builtin_interfaces/msg/Duration"](0, 0),
        frame_locked=False,
        points=[],
        colors=[],
        texture_resource="",
        texture=empty,
        uv_coordinates=[],
        text="",
        mesh_resource="",
        mesh_file=TYPES["visualization_msgs/msg/MeshFile"]("", np.zeros(0, np.uint8)),
        mesh_use_embedded_materials=False,
    )
    return encode(TYPES[MARKERS](markers=[marker]))


def record(folder: Path, ticks=range(6), instruction: str = "take the red one", result: str = "success") -> Path:
    """Frames at the ticks of a 10 Hz clock; the elbow and the red object move with them."""
    with BagWriter(folder) as bag:
        for topic in ("/instruction", "/episode", "/subgoal"):
            bag.add_topic(topic, STRING)
        bag.add_topic("/joint_states", JOINT_STATE)
        bag.add_topic("/objects", MARKERS)
        for camera in CAMERAS:
            bag.add_topic(f"/camera/{camera}/image_raw", IMAGE)
        if instruction:
            text = TYPES[STRING](data=f"start {instruction}")
            bag.write("/episode", encode(text), NANO)
        for tick in ticks:
            seconds = 1 + tick / 10
            time = round(seconds * NANO)
            bag.write("/joint_states", joints(seconds, tick / 10), time)
            bag.write("/objects", markers(seconds, tick / 100), time)
            if tick == 2:
                bag.write("/subgoal", encode(TYPES[STRING](data=GRASP)), time)
            for side, camera in enumerate(CAMERAS):
                bag.write(f"/camera/{camera}/image_raw", image(seconds, 20 * tick + 100 * side), time)
        bag.write("/episode", encode(TYPES[STRING](data=f"end {result}")), 2 * NANO)
    EpisodeFacts(instruction, result=result).write(folder)
    return folder


def stamped(stamp: float | None):
    """A header of that time, seconds; None leaves it without."""
    return header(0 if stamp is None else stamp)


def joint_state(stamp: float | None, names, positions) -> bytes:
    none = np.zeros(0)
    return encode(TYPES[JOINT_STATE](stamped(stamp), list(names), np.array(positions, float), none, none))


def trajectory(stamp: float | None, names, points) -> bytes:
    point, duration = TYPES["trajectory_msgs/msg/JointTrajectoryPoint"], TYPES["builtin_interfaces/msg/Duration"]
    none = np.zeros(0)
    made = [
        point(np.array(positions, float), none, none, none, duration(int(after), round(after % 1 * NANO)))
        for after, positions in points
    ]
    return encode(TYPES["trajectory_msgs/msg/JointTrajectory"](stamped(stamp), list(names), made))


def foreign(folder: Path, frames, messages=(), image_topic: str = "/cam/image_raw") -> Path:
    """A recording as another robot makes it.

    Args:
        frames: (stamp, received) in seconds; the frame number k is grey of the level 5 * k.
        messages: (topic, type, received, bytes).
    """
    written = [(image_topic, IMAGE, at, image(stamp or 0, 5 * k % 250)) for k, (stamp, at) in enumerate(frames)]
    with BagWriter(folder) as bag:
        for topic, kind in dict.fromkeys((topic, kind) for topic, kind, _, _ in (*written, *messages)):
            bag.add_topic(topic, kind)
        for topic, _, received, data in sorted((*written, *messages), key=lambda message: message[2]):
            bag.write(topic, data, round(received * NANO))
    return folder


def states(stamps, late: float = 0.0, topic: str = "/joint_states", names=("elbow",), shift: float = 0.0) -> list:
    """Joint states whose every position is their true time, received ``late`` and stamped ``shift`` seconds later."""
    return [(topic, JOINT_STATE, time + late, joint_state(time + shift, names, [time] * len(names))) for time in stamps]


def ticks(count: int, rate: float = 10, start: float = 100.0) -> list[float]:
    return [start + number / rate for number in range(count)]


def at_once(stamps) -> list:
    """Frames received when they were stamped."""
    return [(stamp, stamp) for stamp in stamps]


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return record(tmp_path / "run" / "episode_001")
