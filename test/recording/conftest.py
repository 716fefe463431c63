# SPDX-License-Identifier: Apache-2.0
"""Small bags to read."""

from pathlib import Path

import numpy as np
import pytest

from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE, compressed
from unified_agent.recording.scores import TYPE, Score, encoded

SIZE = 32
STRING = "std_msgs/msg/String"


def string(text: str) -> bytes:
    return encode(common_types().types[STRING](data=text))


def header(seconds: float):
    types = common_types().types
    stamp = types["builtin_interfaces/msg/Time"](sec=int(seconds), nanosec=round(seconds % 1 * NANO))
    return types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera")


def image(seconds: float, frame: np.ndarray, encoding: str = "rgb8") -> bytes:
    height, width, channels = frame.shape
    message = common_types().types[IMAGE](
        header=header(seconds),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=channels * width,
        data=np.ascontiguousarray(frame).reshape(-1),
    )
    return encode(message)


def compressed_image(seconds: float, frame: np.ndarray, file_format: str) -> bytes:
    data = np.frombuffer(compressed(frame, file_format), np.uint8)
    return encode(common_types().types[COMPRESSED_IMAGE](header=header(seconds), format=file_format, data=data))


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Two cameras at 10 Hz for 3 s, and an instruction; every frame is noise, so that chunks fill."""
    folder = tmp_path / "bag"
    with BagWriter(folder) as writer:
        writer.add_topic("/instruction", STRING)
        for camera in ("left", "right"):
            writer.add_topic(f"/camera/{camera}/image_raw", IMAGE)
        writer.write("/instruction", string("stack"), received=NANO)
        for number in range(30):
            seconds = 1 + number / 10
            for side, camera in enumerate(("left", "right")):
                writer.write(
                    f"/camera/{camera}/image_raw", image(seconds, noise(2 * number + side)), round(seconds * NANO)
                )
            if number % 5 == 4:
                writer.flush()
    return folder


GRASP, STACK = "the robot is grasping the red object", "the red object is on top of the blue object"


@pytest.fixture
def episode(tmp_path: Path) -> Path:
    """An episode of 2 s at 10 Hz: a plan of two sub-goals, the first reached after 1 s, then the end."""
    folder = tmp_path / "run" / "episode_001"
    with BagWriter(folder) as writer:
        for topic in ("/instruction", "/plan", "/subgoal", "/subgoal/reached", "/episode"):
            writer.add_topic(topic, STRING)
        writer.add_topic("/caption/scores", TYPE)
        for camera in ("left", "right"):
            writer.add_topic(f"/camera/{camera}/image_raw", IMAGE)
        for topic, text in (("/plan", f"{GRASP}\n{STACK}"), ("/episode", "start stack them"), ("/subgoal", GRASP)):
            writer.write(topic, string(text), NANO)
        for number in range(20):
            seconds = 1 + number / 10
            time = round(seconds * NANO)
            for side, camera in enumerate(("left", "right")):
                writer.write(f"/camera/{camera}/image_raw", image(seconds, noise(side)), time)
            scores = {GRASP: Score(number / 20, 0.5), STACK: Score(0.1, 0.5)}
            writer.write("/caption/scores", encoded(time, scores), time)
            if number == 10:
                writer.write("/subgoal/reached", string(GRASP), time)
        writer.write("/episode", string("end failure: gave up"), 3 * NANO)
    return folder
