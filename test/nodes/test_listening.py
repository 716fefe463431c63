# SPDX-License-Identifier: Apache-2.0
"""A node that listens, and a partner that offers this or that quality of service."""

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String

from unified_agent.nodes import qos
from unified_agent.nodes.parameters import BadParameter
from unified_agent.nodes.shell import AgentNode

TOPIC = qos.Topic("/word", String, qos.COMMAND)
LATCHED = qos.FACT
BEST_EFFORT, RELIABLE = ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE


class Listener(AgentNode):
    """Hears one topic.

    Attributes:
        heard: what was said.
    """

    def __init__(self, profile=None, **options):
        super().__init__("listener", **options)
        self.heard = []
        self.listening = self.listen(TOPIC, lambda message: self.heard.append(message.data), profile or qos.COMMAND)
        self.offered = self.offer(qos.CAPTION)


def listener(graph, profile=None, **parameters):
    return graph.add(lambda **options: Listener(profile, **options), **parameters)


def offer(graph, reliability=RELIABLE, **policies):
    profile = QoSProfile(depth=10, reliability=reliability, **policies)
    return graph.partner.create_publisher(TOPIC.type, TOPIC.name, profile)


def says(graph, node, publisher, word):
    graph.until(publisher.get_subscription_count)
    graph.spin(0.2)
    publisher.publish(String(data=word))
    graph.until(lambda: word in node.heard)


def test_a_reliable_publisher_is_heard_reliably(graph):
    node = listener(graph)
    says(graph, node, offer(graph), "hello")
    assert not node.listening.best_effort


@pytest.mark.parametrize("first", [True, False])
def test_a_best_effort_publisher_is_heard_whoever_was_there_first(graph, first):
    publisher = offer(graph, BEST_EFFORT) if first else None
    node = listener(graph)
    graph.spin(0.2)
    says(graph, node, publisher or offer(graph, BEST_EFFORT), "hello")


def test_with_both_kinds_of_publisher_both_are_heard_once(graph):
    node = listener(graph)
    reliable, best_effort = offer(graph), offer(graph, BEST_EFFORT)
    says(graph, node, best_effort, "one")
    says(graph, node, reliable, "two")
    assert node.heard == ["one", "two"]


def test_when_the_best_effort_publisher_is_gone_nothing_may_be_lost_again(graph):
    node = listener(graph)
    best_effort, reliable = offer(graph, BEST_EFFORT), offer(graph)
    graph.until(lambda: node.listening.best_effort)
    graph.partner.destroy_publisher(best_effort)
    graph.until(lambda: not node.listening.best_effort)
    says(graph, node, reliable, "hello")


def test_a_topic_that_is_latched_here_and_not_there_is_heard(graph):
    node = listener(graph, LATCHED)
    says(graph, node, offer(graph), "hello")


def test_what_was_said_before_is_heard_where_the_publisher_keeps_it(graph):
    publisher = offer(graph, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher.publish(String(data="before"))
    node = listener(graph, LATCHED)
    graph.until(lambda: node.heard == ["before"])


def test_what_the_user_overrides_stays_as_it_is(graph):
    node = listener(graph, **{"qos_overrides./word.subscription.reliability": "reliable"})
    offer(graph, BEST_EFFORT)
    graph.spin(0.5)
    assert not node.listening.best_effort


def test_overrides_reach_subscriptions_and_publishers(graph):
    overrides = {
        "qos_overrides./word.subscription.depth": 7,
        "qos_overrides./caption.publisher.reliability": "best_effort",
    }
    node = listener(graph, **overrides)
    assert node.get_parameter("qos_overrides./word.subscription.depth").value == 7
    graph.until(lambda: graph.partner.get_publishers_info_by_topic("/caption"))
    [publisher] = graph.partner.get_publishers_info_by_topic("/caption")
    assert publisher.qos_profile.reliability == BEST_EFFORT
    assert qos.CAPTION.qos.reliability == RELIABLE


def test_an_override_that_cannot_be_is_told(graph):
    with pytest.raises(BadParameter, match="/word.*cannot be followed"):
        listener(graph, **{"qos_overrides./word.subscription.reliability": "perfect"})
