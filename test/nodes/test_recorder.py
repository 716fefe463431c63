# SPDX-License-Identifier: Apache-2.0
import array
import time
from pathlib import Path

import av
import numpy as np
import pytest
from rosbags.highlevel import AnyReader

try:
    import resource
except ImportError:
    resource = None

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, JointState
from std_msgs.msg import String

from unified_agent.nodes import messages, qos, recorder
from unified_agent.nodes.recorder import Recorder
from unified_agent.recording import episode as episode_video
from unified_agent.recording.facts import EpisodeFacts
from unified_agent.recording.images import any_frame, compressed
from unified_agent.recording.reader import BagReader
from unified_agent.recording.rewards import rewards_of
from unified_agent.recording.scores import Score
from unified_agent.vision.judging import Judgement

ARM_TOPICS = ("joint_trajectory_controller/joint_trajectory", "gripper_controller/joint_trajectory")
GRASP = "the robot is grasping the red object"


@pytest.fixture
def node(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "TAIL", 0.5)
    return graph.add(Recorder, directory=str(tmp_path / "run"))


def frame(graph, seconds, encoding="rgb8"):
    for camera in qos.CAMERAS:
        image = messages.image_message(np.full((32, 32, 3), 99, np.uint8), messages.stamp(seconds), camera)
        image.encoding = encoding
        graph.say(qos.image(camera), image)
    graph.say(qos.SCORES, messages.scores_message(messages.stamp(seconds), {GRASP: Score(0.9, 0.5)}))
    graph.spin(0.02)


def episode(graph, node, frames=5):
    graph.say(qos.EPISODE, String(data="start take the red one"))
    graph.spin(0.1)
    for number in range(frames):
        frame(graph, 1 + number / 10)
    graph.until(lambda: node.bag.counts["/caption/scores"] == frames)
    graph.say(qos.EPISODE, String(data="end success"))


def read(folder: Path) -> list[tuple[str, str]]:
    """(topic, text) of the string messages in a bag."""
    with AnyReader([folder]) as reader:
        wanted = [connection for connection in reader.connections if connection.msgtype == "std_msgs/msg/String"]
        return [
            (connection.topic, reader.deserialize(data, connection.msgtype).data)
            for connection, _, data in reader.messages(wanted)
        ]


def video_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_an_episode_is_a_bag_and_a_video(graph, node):
    diagnosis = graph.diagnosis("recorder")
    episode(graph, node)
    graph.until(lambda: "wrote" in diagnosis())
    assert read(node.run / "episode_001") == [("/episode", "start take the red one"), ("/episode", "end success")]
    # The last one is held to the end.
    assert video_frames(node.run / "episode_001.mp4") == 5 + 1
    assert EpisodeFacts.read(node.run / "episode_001").video > 0.4 + 0.4


def test_the_bag_has_every_topic_with_what_was_sent(graph, node):
    diagnosis = graph.diagnosis("recorder")
    episode(graph, node)
    graph.until(lambda: "wrote" in diagnosis())
    with AnyReader([node.run / "episode_001"]) as reader:
        counts = {connection.topic: connection.msgcount for connection in reader.connections}
        [image] = [c for c in reader.connections if c.topic == "/camera/left/image_raw"]
        _, _, data = next(reader.messages([image]))
        assert reader.deserialize(data, image.msgtype).data.tolist() == [99] * 32 * 32 * 3
    assert set(counts) == {topic.recorded for topic in qos.recorded(ARM_TOPICS) if topic is not qos.REWARD}
    assert counts["/camera/left/image_raw"] == counts["/caption/scores"] == 5


def test_rewards_are_recorded_where_they_are_told(graph, node):
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.EPISODE, String(data="start take the red one"))
    graph.say(qos.REWARD, messages.reward_message(messages.stamp(1.5), "a cat", Judgement(0.25, 0.2, 0.3)))
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "wrote" in diagnosis())
    reader = BagReader(node.run / "episode_001")
    assert [rewards_of(reader.decode(one)) for one in reader.messages(["/reward"])] == [{"a cat": 0.25}]


def test_what_was_said_before_the_episode_is_in_its_bag(graph, node):
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.INSTRUCTION, String(data="take the red one"))
    graph.say(qos.PLAN, String(data=GRASP))
    graph.spin(0.1)
    episode(graph, node)
    graph.until(lambda: "wrote" in diagnosis())
    assert {("/instruction", "take the red one"), ("/plan", GRASP)} < set(read(node.run / "episode_001"))


def test_every_episode_has_its_own_bag(graph, node):
    episode(graph, node)
    graph.until(lambda: (node.run / "episode_001" / "metadata.yaml").exists())
    episode(graph, node)
    graph.until(lambda: (node.run / "episode_002" / "metadata.yaml").exists())


def test_an_episode_that_begins_anew_closes_the_one_before(graph, node):
    graph.say(qos.EPISODE, String(data="start one"))
    graph.say(qos.EPISODE, String(data="start two"))
    graph.until(lambda: (node.run / "episode_001" / "metadata.yaml").exists())
    graph.until(lambda: (node.run / "episode_002").exists())


def test_closing_the_node_in_mid_episode_finishes_the_files(graph, node):
    graph.say(qos.EPISODE, String(data="start take the red one"))
    graph.spin(0.1)
    frame(graph, 1.0)
    graph.until(lambda: node.bag and node.bag.counts["/caption/scores"])
    node.close()
    assert read(node.run / "episode_001")[0] == ("/episode", "start take the red one")
    assert video_frames(node.run / "episode_001.mp4") in (1, 2)
    assert EpisodeFacts.read(node.run / "episode_001").result == "failure: the recorder was ended in mid-episode"


def test_a_frame_that_cannot_be_drawn_is_recorded_all_the_same(graph, node):
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.EPISODE, String(data="start x"))
    graph.spin(0.1)
    frame(graph, 1.0, encoding="32FC1")
    graph.until(lambda: node.bag and node.bag.counts["/caption/scores"])
    node.close()
    graph.until(lambda: "recorded, but not drawn" in diagnosis())
    with AnyReader([node.run / "episode_001"]) as reader:
        assert sum(c.msgcount for c in reader.connections if c.topic == "/camera/left/image_raw") == 1


def test_a_disk_that_cannot_be_written_is_an_error_and_never_a_success(graph, node):
    diagnosis = graph.diagnosis("recorder")
    node.run.write_text("a file where the folder should be")
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: "recording stopped" in diagnosis())
    assert node.figures()["written"] == ""


@pytest.mark.skipif(resource is None, reason="needs limits on the size of files")
def test_a_disk_that_fills_ends_the_recording_and_not_the_node(graph, node):
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: node.bag)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
        graph.say(qos.image("left"), messages.image_message(noise, messages.stamp(1.0), "left"))
        graph.until(lambda: "recording stopped" in diagnosis())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert node.figures()["written"] == ""
    episode(graph, node)
    graph.until(lambda: "wrote" in diagnosis())
    assert (node.run / "episode_002" / "metadata.yaml").exists()


def test_recording_stops_while_there_is_still_room_for_others(graph, tmp_path):
    node = graph.add(Recorder, directory=str(tmp_path / "run"), keep_free=2**20)
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: "shall stay so" in diagnosis())
    assert list(node.run.iterdir()) == []


def test_the_episode_tells_what_it_was_about(graph, node):
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.PLAN, String(data=GRASP))
    graph.say(qos.EPISODE, String(data="start take the red one"))
    graph.say(qos.SUBGOAL, String(data=GRASP))
    graph.spin(0.1)
    graph.say(qos.REACHED, String(data=GRASP))
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "wrote" in diagnosis())
    facts = EpisodeFacts.read(node.run / "episode_001")
    assert (facts.instruction, facts.plan, facts.result) == ("take the red one", [GRASP], "success")
    assert facts.pursuits[0].reached >= facts.pursuits[0].pursued
    assert "unified_agent" in facts.models


def test_images_are_compressed_where_that_is_asked_for(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "TAIL", 0.5)
    node = graph.add(Recorder, directory=str(tmp_path / "run"), image_format="png", video=False)
    diagnosis = graph.diagnosis("recorder")
    episode(graph, node)
    graph.until(lambda: "wrote" in diagnosis())
    reader = BagReader(node.run / "episode_001")
    topic = "/camera/left/image_raw/compressed"
    frames = [any_frame(reader.topics[topic], reader.decode(message)) for message in reader.messages([topic])]
    assert len(frames) == 5
    assert (frames[0] == 99).all()
    assert not list(BagReader(node.run / "episode_001").messages(["/camera/left/image_raw"]))


def best_effort(graph, topic):
    profile = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = graph.partner.create_publisher(topic.type, topic.name, profile)
    graph.until(publisher.get_subscription_count)
    graph.spin(0.2)
    return publisher.publish


def test_best_effort_cameras_and_joints_are_recorded(graph, node):
    diagnosis = graph.diagnosis("recorder")
    say = [(topic, best_effort(graph, topic)) for topic in (*map(qos.image, qos.CAMERAS), qos.JOINT_STATES)]
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: node.bag)
    for number in range(5):
        for topic, publish in say:
            image = messages.image_message(np.zeros((8, 8, 3), np.uint8), messages.stamp(1.0 + number), "camera")
            publish(JointState() if topic is qos.JOINT_STATES else image)
        graph.spin(0.05)
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "wrote" in diagnosis())
    reader = BagReader(node.run / "episode_001")
    assert sum(1 for _ in reader.messages([topic.recorded for topic, _ in say])) == 15
    assert "nothing came" not in diagnosis()


def test_cameras_and_joints_that_stayed_silent_are_named_at_the_end(graph, node):
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: node.bag)
    graph.say(qos.image("left"), messages.image_message(np.zeros((8, 8, 3), np.uint8), messages.stamp(1.0), "left"))
    graph.until(lambda: node.bag.counts["/camera/left/image_raw"])
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "wrote" in diagnosis())
    silent = ["/camera/right/image_raw", "/joint_states"]
    assert f"nothing came on {', '.join(silent)}" in diagnosis()
    assert EpisodeFacts.read(node.run / "episode_001").empty == silent
    assert node.figures()["written"]


def test_messages_that_were_lost_on_the_way_are_told_at_the_end(graph, node, monkeypatch):
    diagnosis = graph.diagnosis("recorder")
    lost = iter([{"/joint_states": 3}, {"/joint_states": 5}])
    monkeypatch.setattr(node, "_lost", lambda: next(lost))
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: node.bag)
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "2 messages of /joint_states were lost on the way" in diagnosis())
    assert EpisodeFacts.read(node.run / "episode_001").lost == {"/joint_states": 2}


def test_compressed_images_are_recorded_as_they_came_and_drawn(graph, node):
    diagnosis = graph.diagnosis("recorder")
    data = array.array("B", compressed(np.full((32, 32, 3), 99, np.uint8), "jpeg"))
    image = CompressedImage(format="jpeg", data=data)
    say = {camera: best_effort(graph, qos.compressed_image(camera)) for camera in qos.CAMERAS}
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: node.bag)
    for number in range(5):
        for publish in say.values():
            image.header.stamp = messages.stamp(1.0 + number / 10)
            publish(image)
        graph.spin(0.05)
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "wrote" in diagnosis())
    reader = BagReader(node.run / "episode_001")
    [first, *rest] = reader.messages(["/camera/left/image_raw/compressed"])
    assert reader.decode(first).data.tobytes() == data.tobytes()
    assert (len(rest), video_frames(node.run / "episode_001.mp4")) == (4, 5 + 1)
    assert EpisodeFacts.read(node.run / "episode_001").empty == ["/joint_states"]


def test_a_run_that_is_continued_keeps_its_earlier_episodes(graph, node):
    (node.run / "episode_001").mkdir(parents=True)
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: (node.run / "episode_002").exists())


def test_without_video_there_is_only_the_bag(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "TAIL", 0.5)
    node = graph.add(Recorder, directory=str(tmp_path / "run"), video=False)
    episode(graph, node)
    graph.until(lambda: (node.run / "episode_001" / "metadata.yaml").exists())
    assert [path.name for path in node.run.iterdir()] == ["episode_001"]


def test_a_recorder_that_comes_late_records_the_rest_of_the_running_episode(graph, tmp_path):
    graph.stranger("policy")
    story = graph.partner.create_publisher(qos.EPISODE.type, qos.EPISODE.name, qos.EPISODE.qos)
    for text in ("start one", "end success", "start two"):
        story.publish(String(data=text))
    graph.spin(0.5)
    node = graph.add(Recorder, directory=str(tmp_path / "run"))
    graph.until(lambda: node.bag)
    story.publish(String(data="end success"))
    graph.until(lambda: "episode_001" in node._written)
    facts = EpisodeFacts.read(node.run / "episode_001")
    assert (facts.instruction, facts.result, facts.joined_late) == ("two", "success", True)


def test_an_episode_that_ended_before_is_not_recorded_again(graph, tmp_path):
    graph.stranger("policy")
    story = graph.partner.create_publisher(qos.EPISODE.type, qos.EPISODE.name, qos.EPISODE.qos)
    for text in ("start one", "end success"):
        story.publish(String(data=text))
    graph.spin(0.5)
    node = graph.add(Recorder, directory=str(tmp_path / "run"))
    graph.spin(1.0)
    assert node.bag is None
    assert not node.run.exists()


def test_an_episode_whose_policy_was_killed_is_closed_as_failed(graph, node):
    end = graph.stranger("policy")
    graph.until(lambda: node._policy.alive)
    graph.say(qos.EPISODE, String(data="start take the red one"))
    graph.until(lambda: node.bag)
    end()
    graph.until(lambda: node.bag is None, seconds=1.0)
    assert EpisodeFacts.read(node.run / "episode_001").result == "failure: the policy has gone"


def test_a_clock_that_goes_back_closes_the_episode_as_failed(graph, tmp_path):
    node = graph.add(Recorder, directory=str(tmp_path / "run"), use_sim_time=True)
    clock = graph.partner.create_publisher(Clock, qos.CLOCK_TOPIC.name, qos.CLOCK_TOPIC.qos)

    def at(seconds):
        clock.publish(Clock(clock=messages.stamp(seconds)))
        graph.spin(0.15)
        return node.get_clock().now().nanoseconds / messages.NANO == seconds

    graph.until(lambda: at(50.0))
    graph.say(qos.EPISODE, String(data="start take the red one"))
    graph.until(lambda: node.bag)
    at(1.0)
    graph.until(lambda: node.bag is None, seconds=1.0)
    assert EpisodeFacts.read(node.run / "episode_001").result == "failure: the clock went back by 49.0 s"


def test_an_end_that_is_said_twice_leaves_the_next_episode_alone(graph, node):
    graph.say(qos.EPISODE, String(data="start one"))
    for text in ("end success", "end success"):
        graph.say(qos.EPISODE, String(data=text))
    graph.until(lambda: node.bag is None)
    graph.say(qos.EPISODE, String(data="start two"))
    graph.spin(1.0)
    assert node.bag is not None


def test_a_video_whose_drawing_is_slow_lasts_as_long_as_the_episode(graph, node, monkeypatch):
    draw = episode_video.draw
    monkeypatch.setattr(episode_video, "draw", lambda scene: time.sleep(0.05) or draw(scene))
    diagnosis = graph.diagnosis("recorder")
    episode(graph, node, frames=60)
    graph.until(lambda: "wrote" in diagnosis())
    facts = EpisodeFacts.read(node.run / "episode_001")
    assert facts.left_out > 0
    with av.open(str(node.run / "episode_001.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert facts.video == pytest.approx(times[-1] + 0.1, abs=0.01)
    assert times[-1] >= 5.9
    assert f"{facts.left_out} frames were left out of the video" in diagnosis()
    assert f"{facts.left_out} frames were left out of the video" in node.figures()["troubles"]


def test_a_recorder_that_is_late_says_by_how_much(graph, node):
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.JOINT_STATES, JointState())
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: node.bag)
    graph.say(qos.JOINT_STATES, JointState())
    time.sleep(0.8)
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "wrote" in diagnosis())
    assert "the recorder fell behind: " in diagnosis()
    late = EpisodeFacts.read(node.run / "episode_001").late
    assert 0.6 < late["/joint_states"] < 3.0


def test_messages_that_a_full_queue_replaced_are_counted_as_lost(graph, tmp_path, monkeypatch):
    depth = 20
    monkeypatch.setattr(qos, "RECORDED_SMALL", QoSProfile(depth=depth))
    node = graph.add(Recorder, directory=str(tmp_path / "run"))
    diagnosis = graph.diagnosis("recorder")
    graph.say(qos.JOINT_STATES, JointState())
    graph.say(qos.EPISODE, String(data="start x"))
    graph.until(lambda: node.bag)
    graph.say(qos.JOINT_STATES, JointState())
    graph.until(lambda: node.bag.counts["/joint_states"] == 1)
    for _ in range(depth + 50):
        graph.say(qos.JOINT_STATES, JointState())
    time.sleep(0.2)
    graph.until(lambda: node.bag.counts["/joint_states"] > depth)
    graph.spin(0.3)
    graph.say(qos.EPISODE, String(data="end success"))
    graph.until(lambda: "wrote" in diagnosis())
    facts = EpisodeFacts.read(node.run / "episode_001")
    recorded = sum(1 for _ in BagReader(node.run / "episode_001").messages(["/joint_states"]))
    assert facts.lost.get("/joint_states", 0) == depth + 51 - recorded > 0
