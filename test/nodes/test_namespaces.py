# SPDX-License-Identifier: Apache-2.0
"""Two agents in namespaces of their own on one domain: what is said to one, the other neither hears nor does."""

import json
from dataclasses import replace

import pytest
import torch

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

import open_clip  # noqa: F401 - the planner imports it in its thread, which may take longer than a test waits
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from unified_agent.language.planner import Planner, plan_of_lines
from unified_agent.language.subgoals import OBJECTS, VOCABULARY
from unified_agent.nodes import messages, qos
from unified_agent.nodes.mujoco_bridge import MujocoBridge
from unified_agent.nodes.planner import PlannerNode
from unified_agent.nodes.policy import PolicyNode
from unified_agent.nodes.recorder import Recorder
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.network import NetworkConfig, PolicyNetwork, split_words
from unified_agent.recording.scores import Score
from unified_agent.robot.arm import Arm

ARM = Arm.load("fr3")
ARM_TOPIC, GRIPPER_TOPIC = qos.trajectory(ARM.arm_topic), qos.trajectory(ARM.gripper_topic)
GRASP = "the robot is grasping the red object"
PLACES = {"red": (0.5, 0.1, 0.0225), "green": (0.6, 0.0, 0.0225), "blue": (0.45, -0.1, 0.0225)}
BOTH = ("left", "right")


def inside(namespace, topic):
    return replace(topic, name=f"/{namespace}/{topic.name}")


class OneAnswer:
    """In the place of a language model."""

    def plan(self, instruction):
        return plan_of_lines([GRASP, "end"], instruction)


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    words = sorted({word for goal in VOCABULARY for word in split_words(goal.sentence)})
    config = NetworkConfig(words=tuple(words), objects=OBJECTS, centre=(0.55, 0.0, 0.0), width=16, heads=2)
    Policy(PolicyNetwork(config), {}).save(tmp_path)
    return str(tmp_path)


def measure(graph, namespace):
    """An arm that rests at its home, told of at 50 Hz."""
    offers = [inside(namespace, topic) for topic in (qos.JOINT_STATES, qos.OBJECTS)]
    joints, objects = (graph.partner.create_publisher(topic.type, topic.name, topic.qos) for topic in offers)
    poses = {name: (place, (1, 0, 0, 0)) for name, place in PLACES.items()}

    def tell():
        now = graph.partner.get_clock().now().to_msg()
        state = JointState(name=[*ARM.joints, *ARM.gripper_joints], position=[*map(float, ARM.home), 0.04, 0.04])
        state.header.stamp = now
        joints.publish(state)
        objects.publish(messages.markers(poses, 0.045, dict.fromkeys(PLACES, (0.5, 0.5, 0.5)), now))

    graph.partner.create_timer(0.02, tell)


def test_an_instruction_to_the_left_agent_moves_the_left_arm_alone(graph, checkpoint, monkeypatch):
    monkeypatch.setattr(Planner, "load", lambda spec, device: OneAnswer())
    for namespace in BOTH:
        graph.add(PlannerNode, namespace)
        graph.add(PolicyNode, namespace, policy=checkpoint, device="cpu")
        measure(graph, namespace)
    plans, episodes, commands = (
        {namespace: graph.heard(inside(namespace, topic)) for namespace in BOTH}
        for topic in (qos.PLAN, qos.EPISODE, ARM_TOPIC)
    )
    graph.say(inside("left", qos.INSTRUCTION), String(data="take the red one"))
    scores = {goal.sentence: Score(0.0, 0.5) for goal in VOCABULARY}

    def moves():
        stamp = graph.partner.get_clock().now().to_msg()
        for namespace in BOTH:
            graph.say(inside(namespace, qos.SCORES), messages.scores_message(stamp, scores))
        graph.spin(0.05)
        return commands["left"]

    graph.until(moves)
    assert [message.data for message in plans["left"]] == [GRASP]
    assert [message.data for message in episodes["left"]] == ["start take the red one"]
    assert plans["right"] == episodes["right"] == commands["right"] == []


def test_a_bridge_listens_and_tells_in_its_namespace(graph):
    bridge = graph.add(MujocoBridge, "left")
    listening = dict(bridge.get_subscriber_names_and_types_by_node("mujoco_bridge", "/left"))
    assert {f"/left/{topic.name}" for topic in (ARM_TOPIC, GRIPPER_TOPIC)} <= set(listening)
    names = {name for name, _ in bridge.get_publisher_names_and_types_by_node("mujoco_bridge", "/left")}
    assert {"/left/camera/left/image_raw", "/left/joint_states", "/left/objects", "/left/diagnostics"} <= names
    assert not {name for name in names if not name.startswith("/left/")} - {"/clock", "/rosout", "/parameter_events"}


def test_a_recording_has_its_topics_as_without_a_namespace_and_tells_it(graph, tmp_path):
    recorder = graph.add(Recorder, "left", directory=str(tmp_path / "run"), video=False)
    graph.say(inside("left", qos.EPISODE), String(data="start take the red one"))
    graph.until(lambda: recorder.bag)
    graph.say(inside("left", qos.PLAN), String(data=GRASP))
    graph.until(lambda: recorder.bag.counts["/plan"])
    assert recorder.bag.counts["/episode"] == 1
    facts = json.loads((tmp_path / "run" / "episode_001" / "episode.json").read_text())
    assert facts["namespace"] == "left"


def test_people_are_told_the_names_as_they_are(graph, checkpoint):
    graph.add(PolicyNode, "left", policy=checkpoint, device="cpu")
    heard = graph.heard(inside("left", qos.DIAGNOSTICS))
    second = graph.partner.create_publisher(String, "/left/plan", qos.PLAN.qos)
    graph.say(inside("left", qos.PLAN), String(data=GRASP))
    graph.until(lambda: heard and "2 nodes publish /left/plan" in heard[-1].status[0].message)
    assert heard[-1].status[0].hardware_id == "/left/policy"
    graph.partner.destroy_publisher(second)
