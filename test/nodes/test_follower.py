# SPDX-License-Identifier: Apache-2.0
"""Following a graph that the test plays: a planner, a policy and a recorder that only talk."""

import time

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from std_msgs.msg import String

from unified_agent.nodes import follower, topics
from unified_agent.nodes.follower import SUCCESS, Follower, NoGraph, TwoGraphs


class Player:
    """A node that says on /diagnostics, and on any other topic, what the test wants."""

    def __init__(self, name):
        self.node = Node(name, enable_rosout=False, start_parameter_services=False)
        self._publishers = {}
        self.offer(topics.DIAGNOSTICS)

    def offer(self, topic):
        self._publishers[topic.name] = self.node.create_publisher(topic.type, topic.name, topic.qos)

    def says(self, topic, text):
        self._publishers[topic.name].publish(String(data=text))

    def reports(self, message, level=DiagnosticStatus.OK, **values):
        entries = [KeyValue(key=key, value=value) for key, value in values.items()]
        status = DiagnosticStatus(level=level, name=self.node.get_name(), message=message, values=entries)
        self._publishers[topics.DIAGNOSTICS.name].publish(DiagnosticArray(status=[status]))


def lines_until(following, condition, seconds=10.0):
    lines, end = [], time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, lines
        lines.extend(following.poll())
    return [*lines, *following.poll()]


@pytest.fixture
def following():
    with Follower() as following:
        yield following


@pytest.fixture
def planner(following):
    planner = Player("planner")
    planner.offer(topics.PLAN)
    planner.node.create_subscription(String, topics.INSTRUCTION.name, lambda message: None, topics.COMMAND)
    yield planner
    planner.node.destroy_node()


@pytest.fixture
def policy(following):
    policy = Player("policy")
    policy.offer(topics.EPISODE)
    yield policy
    policy.node.destroy_node()


def test_an_episode_is_followed_from_its_instruction_to_its_end(following, planner, policy):
    following.say("grasp  the red object")
    planner.says(topics.PLAN, "the robot is grasping the red object")
    policy.says(topics.EPISODE, "start grasp the red object")
    lines_until(following, lambda: following.plan)
    policy.says(topics.EPISODE, "end success")
    lines = lines_until(following, lambda: following.outcome)
    assert following.outcome == SUCCESS
    assert lines[-1].startswith("end     success after")


def test_a_refusal_ends_with_its_reason(following, planner, policy):
    following.say("sing a song")
    planner.says(topics.PLAN, "")
    planner.reports("refused: this is not about the objects", DiagnosticStatus.WARN)
    lines_until(following, lambda: following.outcome)
    assert following.outcome == "refused: this is not about the objects"


def test_two_nodes_of_a_kind_end_it_with_what_to_do(following, planner):
    second = Player("planner")
    with pytest.raises(TwoGraphs, match=r"2 nodes named 'planner' answer(.|\n)*ROS_DOMAIN_ID of its own"):
        lines_until(following, lambda: False)
    second.node.destroy_node()
    following.poll()


def test_other_nodes_with_diagnostics_are_let_be(following, planner):
    strangers = [Player("camera_driver"), Player("camera_driver")]
    for stranger in strangers:
        stranger.reports("ready")
    lines = lines_until(following, lambda: "camera_driver" in following.diagnostics)
    assert "node    camera_driver: ready" in lines
    for stranger in strangers:
        stranger.node.destroy_node()


def test_a_graph_that_ends_before_the_episode_is_not_waited_for(following, planner, policy):
    following.say("grasp the red object")
    following.still_there()
    policy.node.destroy_node()
    lines_until(following, lambda: following.node.count_publishers(topics.EPISODE.name) == 0)
    with pytest.raises(NoGraph, match="policy has gone"):
        following.still_there()


def test_without_a_graph_there_is_nobody_to_tell(following, monkeypatch):
    monkeypatch.setattr(follower, "DISCOVERY", 0.3)
    with pytest.raises(NoGraph, match="unified-agent up sim"):
        following.say("grasp the red object")
