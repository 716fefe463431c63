# SPDX-License-Identifier: Apache-2.0
"""Recordings of noise, and the CLIP that ships; what is true is chosen by thresholds: -1 is always true, 1 never."""

from pathlib import Path

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from unified_agent.recording.bag import BagWriter
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE, compressed
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

ALWAYS, NEVER = "there is a picture", "there is an elephant"
SETS, RATE = 12, 10
STORE = get_typestore(Stores.ROS2_HUMBLE)
STRING = "std_msgs/msg/String"


def frame(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def image(number: int, seed: int, kind: str = IMAGE) -> bytes:
    seconds, part = divmod(number, RATE)
    time = STORE.types["builtin_interfaces/msg/Time"](sec=1 + seconds, nanosec=part * 10**9 // RATE)
    header = STORE.types["std_msgs/msg/Header"](stamp=time, frame_id="")
    if kind == COMPRESSED_IMAGE:
        data = np.frombuffer(compressed(frame(seed), "png"), np.uint8)
        message = STORE.types[kind](header=header, format="png", data=data)
    else:
        message = STORE.types[kind](header, 64, 64, "rgb8", 0, 192, frame(seed).reshape(-1))
    return bytes(STORE.serialize_cdr(message, kind))


def string(text: str) -> bytes:
    return bytes(STORE.serialize_cdr(STORE.types[STRING](data=text), STRING))


def record(folder: Path, sets: int = SETS) -> Path:
    """A recording of two cameras at 10 Hz, and an instruction before."""
    with BagWriter(folder) as writer:
        writer.add_topic("/instruction", STRING)
        for topic in ("/camera/left/image_raw", "/camera/right/image_raw"):
            writer.add_topic(topic, IMAGE)
        writer.write("/instruction", string("stack"), 10**9 - 1)
        for number in range(sets):
            for side, topic in enumerate(("/camera/left/image_raw", "/camera/right/image_raw")):
                writer.write(topic, image(number, 2 * number + side), 10**9 + number * 10**8 + side)
            if number == sets // 2:
                writer.flush()
    return folder


@pytest.fixture(scope="session")
def detector() -> Detector:
    clip = Clip.load(device="cpu")
    # Noise is a scene that it does not know.
    clip.known = None
    return Detector(clip, [ALWAYS, NEVER], {ALWAYS: -1.0, NEVER: 1.0})


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return record(tmp_path / "run" / "episode_001")
