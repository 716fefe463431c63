# SPDX-License-Identifier: Apache-2.0
"""A made-up recording: the arm picks the red object up at one place and lets it go at another."""

from pathlib import Path

import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.language.subgoals import OBJECTS
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE
from unified_agent.recording.reader import BagReader
from unified_agent.recording.scores import TYPE, Score, encoded
from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics
from unified_agent.training.policy.bag_experience import SENTENCES, experience_of

TYPES = common_types().types
STRING, JOINT_STATE, MARKERS = "std_msgs/msg/String", "sensor_msgs/msg/JointState", "visualization_msgs/msg/MarkerArray"
ARM = Arm.load("fr3")
PICK, PLACE = (0.5, 0.1), (0.6, -0.1)
HIGH, LOW = 0.2, 0.03
OPEN, HELD = 0.04, 0.0225
GOAL = "the robot is grasping the red object"
# (x, y), height, gripper, for half a second each
STEPS = [
    (PICK, HIGH, OPEN),
    (PICK, LOW, OPEN),
    (PICK, LOW, HELD),
    (PICK, HIGH, HELD),
    (PLACE, HIGH, HELD),
    (PLACE, LOW, HELD),
    (PLACE, LOW, OPEN),
    (PLACE, HIGH, OPEN),
]


def header(time: int):
    stamp = TYPES["builtin_interfaces/msg/Time"](sec=time // NANO, nanosec=time % NANO)
    return TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="base_link")


def marker(name: str):
    point, turn = TYPES["geometry_msgs/msg/Point"], TYPES["geometry_msgs/msg/Quaternion"]
    vector, colour = TYPES["geometry_msgs/msg/Vector3"], TYPES["std_msgs/msg/ColorRGBA"]
    nothing = np.zeros(0, np.uint8)
    return TYPES["visualization_msgs/msg/Marker"](
        header(0),
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


def record(folder: Path, steps, sentences=SENTENCES) -> BagReader:
    kinematics, q = Kinematics(ARM), ARM.home
    none = np.zeros(0)
    with BagWriter(folder) as bag:
        for topic in ("/subgoal", "/episode"):
            bag.add_topic(topic, STRING)
        bag.add_topic("/joint_states", JOINT_STATE)
        bag.add_topic("/objects", MARKERS)
        bag.add_topic("/caption/scores", TYPE)
        for camera in ("left", "right"):
            bag.add_topic(f"/camera/{camera}/image_raw", IMAGE)
        bag.write("/subgoal", encode(TYPES[STRING](data=GOAL)), NANO)
        bag.write("/objects", encode(TYPES[MARKERS](markers=[marker(name) for name in OBJECTS])), NANO)
        for tick in range(5 * len(steps)):
            time = NANO + tick * NANO // 10
            (x, y), height, grip = steps[tick // 5]
            q = kinematics.inverse(np.array([x, y, height]), seed_q=q)
            names = [*ARM.joints, *ARM.gripper_joints]
            positions = np.array([*q, *[grip] * len(ARM.gripper_joints)])
            bag.write("/joint_states", encode(TYPES[JOINT_STATE](header(time), names, positions, none, none)), time)
            for camera in ("left", "right"):
                pixels = np.full(16 * 16 * 3, 5 * tick, np.uint8)
                image = TYPES[IMAGE](header(time), 16, 16, "rgb8", 0, 48, pixels)
                bag.write(f"/camera/{camera}/image_raw", encode(image), time)
            bag.write("/caption/scores", encoded(time, {s: Score(tick / 100, 0.5) for s in sentences}), time)
        bag.write("/episode", encode(TYPES[STRING](data="end success")), time)
    return BagReader(folder)


def test_where_the_gripper_closed_and_opened_are_the_decisions(tmp_path):
    episode = experience_of(record(tmp_path / "bag", STEPS), ARM)
    assert np.array(episode.actions) == pytest.approx(np.array([PICK, PLACE]), abs=0.002)
    assert episode.pursued == [GOAL, GOAL]
    assert episode.done


def test_the_moments_around_them_show_the_tool_above_and_what_it_holds(tmp_path):
    episode = experience_of(record(tmp_path / "bag", STEPS), ARM)
    assert [state.holding for state in episode.states] == [False, True, False]
    assert [state.tool[2] for state in episode.states] == pytest.approx([HIGH] * 3, abs=0.01)
    # Not where it is going: from that a policy would learn to place wherever the tool is.
    np.testing.assert_allclose([state.tool[:2] for state in episode.states[1:]], [PICK, PLACE], atol=0.01)
    assert len(episode.frames) == len(episode.scores) == 3
    levels = [int(episode.frames_of(moment).mean()) for moment in range(3)]
    assert levels == sorted(levels)
    assert [round(float(row[0]) * 100) * 5 for row in episode.scores] == pytest.approx(levels, abs=6)


def test_an_object_that_is_still_held_at_the_end_was_picked_and_not_placed(tmp_path):
    episode = experience_of(record(tmp_path / "bag", STEPS[:5]), ARM)
    assert len(episode) == 1
    assert episode.states[-1].holding


def test_a_recording_in_which_nothing_was_picked_teaches_nothing(tmp_path):
    assert experience_of(record(tmp_path / "bag", STEPS[:2]), ARM) is None


def test_scores_of_other_sentences_are_refused(tmp_path):
    with pytest.raises(UserError, match="whole vocabulary"):
        experience_of(record(tmp_path / "bag", STEPS, sentences=["a cup is on the table"]), ARM)
