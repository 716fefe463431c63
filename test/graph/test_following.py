# SPDX-License-Identifier: Apache-2.0
"""Following a graph that the test plays: a planner, a policy and a recorder that only talk."""

import time

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from std_msgs.msg import String

from unified_agent.graph import following
from unified_agent.graph.following import SUCCESS, Follower, NoGraph, TwoGraphs
from unified_agent.nodes import qos


class Player:
    """A node that says on /diagnostics, and on any other topic, what the test wants."""

    def __init__(self, name):
        self.node = Node(name, enable_rosout=False, start_parameter_services=False)
        self._publishers = {}
        self.offer(qos.DIAGNOSTICS)

    def offer(self, topic):
        self._publishers[topic.name] = self.node.create_publisher(topic.type, topic.name, topic.qos)

    def says(self, topic, text):
        self._publishers[topic.name].publish(String(data=text))

    def reports(self, message, level=DiagnosticStatus.OK, **values):
        entries = [KeyValue(key=key, value=value) for key, value in values.items()]
        status = DiagnosticStatus(level=level, name=self.node.get_name(), message=message, values=entries)
        self._publishers[qos.DIAGNOSTICS.name].publish(DiagnosticArray(status=[status]))


def lines_until(follower, condition, seconds=10.0):
    lines, end = [], time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, lines
        lines.extend(follower.poll())
    return [*lines, *follower.poll()]


@pytest.fixture
def follower():
    with Follower() as follower:
        yield follower


@pytest.fixture
def planner(follower):
    planner = Player("planner")
    planner.offer(qos.PLAN)
    planner.node.create_subscription(String, qos.INSTRUCTION.name, lambda message: None, qos.COMMAND)
    yield planner
    planner.node.destroy_node()


@pytest.fixture
def policy(follower):
    policy = Player("policy")
    policy.offer(qos.EPISODE)
    yield policy
    policy.node.destroy_node()


def test_an_episode_is_followed_from_its_instruction_to_its_end(follower, planner, policy):
    follower.say("grasp  the red object")
    planner.says(qos.PLAN, "the robot is grasping the red object")
    policy.says(qos.EPISODE, "start grasp the red object")
    lines_until(follower, lambda: follower.plan)
    policy.says(qos.EPISODE, "end success")
    lines = lines_until(follower, lambda: follower.outcome)
    assert follower.outcome == SUCCESS
    assert lines[-1].startswith("end     success after")


def test_a_refusal_ends_with_its_reason(follower, planner, policy):
    follower.say("sing a song")
    planner.says(qos.PLAN, "")
    planner.reports("refused: this is not about the objects", DiagnosticStatus.WARN)
    lines_until(follower, lambda: follower.outcome)
    assert follower.outcome == "refused: this is not about the objects"


def test_two_nodes_of_a_kind_end_it_with_what_to_do(follower, planner):
    second = Player("planner")
    with pytest.raises(TwoGraphs, match=r"2 nodes named 'planner' answer(.|\n)*ROS_DOMAIN_ID of its own"):
        lines_until(follower, lambda: False)
    second.node.destroy_node()
    follower.poll()


def test_other_nodes_with_diagnostics_are_let_be(follower, planner):
    strangers = [Player("camera_driver"), Player("camera_driver")]
    for stranger in strangers:
        stranger.reports("ready")
    lines = lines_until(follower, lambda: "camera_driver" in follower.diagnostics)
    assert "node    camera_driver: ready" in lines
    for stranger in strangers:
        stranger.node.destroy_node()


def test_a_graph_that_ends_before_the_episode_is_not_waited_for(follower, planner, policy):
    follower.say("grasp the red object")
    follower.still_there()
    policy.node.destroy_node()
    lines_until(follower, lambda: follower.node.count_publishers(qos.EPISODE.name) == 0)
    with pytest.raises(NoGraph, match="policy has gone"):
        follower.still_there()


def test_without_a_graph_there_is_nobody_to_tell(follower, monkeypatch):
    monkeypatch.setattr(following, "DISCOVERY", 0.3)
    with pytest.raises(NoGraph, match="unified-agent up sim"):
        follower.say("grasp the red object")
