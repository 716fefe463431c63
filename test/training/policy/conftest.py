# SPDX-License-Identifier: Apache-2.0
"""A made-up recording: the arm picks the red object up at one place and lets it go at another."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from unified_agent.language.subgoals import OBJECTS, SENTENCES
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE
from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics
from unified_agent.training.policy.experience import Provenance

TYPES = common_types().types
STRING, JOINT_STATE, MARKERS = "std_msgs/msg/String", "sensor_msgs/msg/JointState", "visualization_msgs/msg/MarkerArray"
ARM = Arm.load("fr3")
PICK, PLACE = (0.5, 0.1), (0.6, -0.1)
HIGH, LOW = 0.2, 0.03
OPEN, HELD, SHUT = 0.04, 0.0225, 0.0
GRASPED, PUT = "the robot is grasping the red object", "the red object is on the table"
# (x, y), height, gripper, for half a second each
STEPS = (
    (PICK, HIGH, OPEN),
    (PICK, LOW, OPEN),
    (PICK, LOW, HELD),
    (PICK, HIGH, HELD),
    (PLACE, HIGH, HELD),
    (PLACE, LOW, HELD),
    (PLACE, LOW, OPEN),
    (PLACE, HIGH, OPEN),
)
DARK, BRIGHT = 40, 200


class FakeEyes:
    """Red is grasped in bright frames, and lies on the table in dark ones."""

    def __init__(self):
        self.detector = self
        self.thresholds = np.full(len(SENTENCES), 0.5)
        self.looked = 0

    def provenance(self, arm: Arm) -> Provenance:
        return Provenance("fake", tuple(map(float, self.thresholds)), arm.name)

    def scores(self, moments) -> np.ndarray:
        self.looked += len(moments)
        bright = float(np.mean([np.mean(frame) for frames in moments for frame in frames])) / 255
        told = dict.fromkeys(SENTENCES, 0.0) | {GRASPED: bright, PUT: 1.0 - bright}
        return np.array([told[sentence] for sentence in SENTENCES], np.float32)


def header(time: int):
    stamp = TYPES["builtin_interfaces/msg/Time"](sec=time // NANO, nanosec=time % NANO)
    return TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="base_link")


def marker(name: str, time: int):
    point, turn = TYPES["geometry_msgs/msg/Point"], TYPES["geometry_msgs/msg/Quaternion"]
    vector, colour = TYPES["geometry_msgs/msg/Vector3"], TYPES["std_msgs/msg/ColorRGBA"]
    nothing = np.zeros(0, np.uint8)
    return TYPES["visualization_msgs/msg/Marker"](
        header(time),
        name,
        0,
        1,
        0,
        TYPES["geometry_msgs/msg/Pose"](point(*PICK, 0.02), turn(0.0, 0.0, 0.0, 1.0)),
        vector(0.04, 0.04, 0.04),
        colour(1.0, 0.0, 0.0, 1.0),
        TYPES["builtin_interfaces/msg/Duration"](0, 0),
        False,
        [],
        [],
        "",
        TYPES["sensor_msgs/msg/CompressedImage"](header(0), "", nothing),
        [],
        "",
        "",
        TYPES["visualization_msgs/msg/MeshFile"]("", nothing),
        False,
    )


def _record(
    folder: Path,
    steps: Sequence = STEPS,
    late: float = 0.0,
    rename: Callable[[str], str] = str,
    without: Sequence[str] = (),
    blind: tuple[float, float] = (0.0, 0.0),
    rewind: int = 0,
) -> Path:
    """Write it: a tick is a tenth of a second, and the first stamp is 1 s.

    Args:
        late: seconds by which joints are received after their stamps.
        rename: joint's name -> what it is called in the recording.
        without: topics that are left out.
        blind: offsets between which the cameras send nothing.
        rewind: after so many ticks the stamps begin anew.
    """
    kinematics, q, none = Kinematics(ARM), ARM.home, np.zeros(0)
    said = [(NANO, "/subgoal", TYPES[STRING](data=GRASPED)), (NANO, "/episode", TYPES[STRING](data="start tidy up"))]
    for tick in range(5 * len(steps)):
        time = NANO + tick * NANO // 10
        (x, y), height, grip = steps[tick // 5]
        q = kinematics.inverse(np.array([x, y, height]), seed_q=q)
        names = [rename(name) for name in (*ARM.joints, *ARM.gripper_joints)]
        positions = np.array([*q, *[grip] * len(ARM.gripper_joints)])
        stamp = time if not rewind or tick < rewind else time - rewind * NANO // 10
        joints = TYPES[JOINT_STATE](header(stamp), names, positions, none, none)
        said.append((time + round(late * NANO), "/joint_states", joints))
        said.append((time, "/objects", TYPES[MARKERS](markers=[marker(name, time) for name in OBJECTS])))
        pixels = np.full(16 * 16 * 3, BRIGHT if grip == HELD else DARK, np.uint8)
        for camera in ("left", "right"):
            if not blind[0] <= tick / 10 < blind[1]:
                image = TYPES[IMAGE](header(time), 16, 16, "rgb8", 0, 48, pixels)
                said.append((time, f"/camera/{camera}/image_raw", image))
    said.append((said[-1][0], "/episode", TYPES[STRING](data="end success")))
    with BagWriter(folder) as bag:
        kinds = {topic: message.__msgtype__ for _, topic, message in said if topic not in without}
        for topic, kind in kinds.items():
            bag.add_topic(topic, kind)
        for received, topic, message in sorted(said, key=lambda one: one[0]):
            if topic in kinds:
                bag.write(topic, encode(message), received)
    return folder


@pytest.fixture
def record():
    """A function that writes such a recording; see `_record`."""
    return _record


@pytest.fixture
def eyes() -> FakeEyes:
    """That see by brightness."""
    return FakeEyes()
