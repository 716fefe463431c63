# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos, replay
from unified_agent.nodes.replay import Replay
from unified_agent.recording.bag import BagWriter

ARM = qos.trajectory("joint_trajectory_controller/joint_trajectory")
FRAMES = 5


def frame(number: int) -> np.ndarray:
    return np.full((8, 8, 3), number, np.uint8)


def record(folder: Path, *images: qos.Topic) -> Path:
    with BagWriter(folder) as bag:
        for topic in (qos.INSTRUCTION, qos.PLAN, qos.CAPTION, qos.SUBGOAL, ARM, *images):
            bag.add_topic(topic.recorded, topic.type_name)
        for topic, text in ((qos.INSTRUCTION, "stack"), (qos.PLAN, "old"), (qos.CAPTION, "old")):
            bag.write(topic.recorded, serialize_message(String(data=text)), 10**9)
        bag.write(ARM.recorded, serialize_message(JointTrajectory(joint_names=["elbow"])), 10**9)
        for number in range(FRAMES):
            for topic in images:
                image = messages.image_message(frame(number), messages.stamp(1 + number / 10), "camera")
                bag.write(topic.recorded, serialize_message(image), 10**9 + number * 10**8)
    return folder


@pytest.fixture
def bag(tmp_path) -> Path:
    return record(tmp_path / "bag", *map(qos.image, qos.CAMERAS))


@pytest.fixture(autouse=True)
def short_tail(monkeypatch):
    monkeypatch.setattr(replay, "TAIL", 0.2)


def played(graph, bag, **parameters) -> Replay:
    node = graph.add(Replay, bag=str(bag), **parameters)
    graph.until(lambda: node.figures()["ended"] == "true")
    graph.spin(0.1)
    return node


def test_the_cameras_and_the_instruction_are_played_with_the_clock(graph, bag):
    left, right = (graph.heard(qos.image(camera), qos.RECORDED) for camera in qos.CAMERAS)
    said, clock = graph.heard(qos.INSTRUCTION), graph.heard(qos.CLOCK_TOPIC, qos.RECORDED)
    played(graph, bag)
    assert [messages.frame_of(image)[0, 0, 0] for image in left] == list(range(FRAMES))
    assert len(right) == FRAMES
    assert [message.data for message in said] == ["stack"]
    times = [messages.seconds(tick.clock) for tick in clock]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(1.4)


def test_what_live_nodes_say_themselves_and_commands_to_the_arm_are_not_played(graph, bag):
    graph.heard(qos.image("left"), qos.RECORDED), graph.heard(qos.image("right"), qos.RECORDED)
    silent = [graph.heard(topic) for topic in (qos.PLAN, qos.CAPTION, ARM)]
    played(graph, bag)
    assert silent == [[], [], []]


def test_commands_are_played_when_they_are_named(graph, bag):
    for camera in qos.CAMERAS:
        graph.heard(qos.image(camera), qos.RECORDED)
    commands = graph.heard(ARM)
    played(graph, bag, topics=[ARM.recorded])
    assert [command.joint_names for command in commands] == [["elbow"]]


def test_one_camera_with_another_name_is_shown_to_both_eyes(graph, tmp_path):
    bag = record(tmp_path / "bag", qos.Topic("/front/rgb", Image, qos.IMAGE))
    images = [graph.heard(qos.image(camera), qos.RECORDED) for camera in qos.CAMERAS]
    played(graph, bag, image_topics=["/front/rgb"])
    assert list(map(len, images)) == [FRAMES, FRAMES]


def test_other_cameras_are_played_under_their_names(graph, tmp_path):
    names = ["front", "side", "wrist"]
    bag = record(tmp_path / "bag", *map(qos.image, names))
    images = [graph.heard(qos.image(camera), qos.RECORDED) for camera in names]
    played(graph, bag, cameras=names)
    assert list(map(len, images)) == [FRAMES] * 3


def test_it_waits_for_a_listener_to_the_images(graph, bag):
    node = graph.add(Replay, bag=str(bag))
    graph.spin(0.5)
    assert node.figures()["played"] == 0


def test_a_broken_message_is_left_out_and_told(graph, bag, tmp_path):
    with BagWriter(tmp_path / "broken") as writer:
        for camera in qos.CAMERAS:
            topic = qos.image(camera)
            writer.add_topic(topic.recorded, topic.type_name)
            writer.write(topic.recorded, b"\0\1\0\0rubbish", 10**9)
    diagnosis = graph.diagnosis("replay")
    named = [qos.image(camera).recorded for camera in qos.CAMERAS]
    node = played(graph, tmp_path / "broken", wait=False, image_topics=named)
    assert node.figures()["broken"] == 2
    graph.until(lambda: "2 broken messages" in diagnosis())


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({}, "What shall be replayed"),
        ({"bag": "nowhere"}, "no recording"),
        ({"topics": ["/elbow"]}, "no topic '/elbow'"),
    ],
)
def test_a_mistake_is_told_before_anything_is_played(graph, bag, parameters, why):
    given = parameters if not parameters or "bag" in parameters else {"bag": str(bag), **parameters}
    with pytest.raises(UserError, match=why):
        graph.add(Replay, **given)


def test_a_gap_that_nobody_would_wait_for_is_passed_over():
    pace = replay._Pace(0, 1.0)
    assert not pace.leap(replay.LONGEST_GAP)
    assert pace.leap(1_700_000_000 * 10**9)
    assert pace.now == 1_700_000_000 * 10**9
    assert len(list(pace.until(pace.now + 10**8))) == 5


def test_a_recording_does_not_choose_which_code_is_imported(tmp_path, monkeypatch):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "msg.py").write_text("raise SystemExit('ran')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UserError, match="not installed"):
        replay._message_type("/x", "evil/msg/X")
