# SPDX-License-Identifier: Apache-2.0
"""The action; the partner is planner and policy. What decides is tested without its type, in test_errand.py."""

import importlib.util

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.action import ActionClient
from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.nodes import agent, qos
from unified_agent.nodes.agent import ActionNode

GRASP = "the robot is grasping the red object"
needs_type = pytest.mark.skipif(
    not importlib.util.find_spec(agent.INTERFACES),
    reason="NOTHING called the action carry_out: its type needs colcon build, and a ROS 2",
)


def test_without_its_type_the_node_says_what_to_do(graph, monkeypatch):
    monkeypatch.setattr(agent, "INTERFACES", "no_such_interfaces")
    with pytest.raises(UserError, match=r"no_such_interfaces: build it with colcon(.|\n)*unified-agent say"):
        graph.add(ActionNode)


class Goal:
    """One that the partner has sent."""

    def __init__(self, graph, instruction):
        self.feedback = []
        client = ActionClient(graph.partner, agent.action_type(), agent.ACTION)
        graph.until(client.server_is_ready)
        wanted = agent.action_type().Goal(instruction=instruction)
        sent = client.send_goal_async(wanted, feedback_callback=lambda message: self.feedback.append(message.feedback))
        graph.until(sent.done)
        self.handle = sent.result()
        self._result = self.handle.get_result_async()

    def result(self, graph):
        graph.until(self._result.done)
        return self._result.result()


@pytest.fixture
def goal(graph):
    """A goal that the planner has heard of."""
    graph.add(ActionNode)
    for topic in (qos.PLAN, qos.EPISODE):
        graph.partner.create_publisher(topic.type, topic.name, topic.qos)
    said = graph.heard(qos.INSTRUCTION)
    goal = Goal(graph, "take the red one")
    graph.until(lambda: said)
    values = [KeyValue(key="heard", value="take the red one"), KeyValue(key="times heard", value="1")]
    status = DiagnosticStatus(name="planner", message="planning", values=values)
    graph.say(qos.DIAGNOSTICS, DiagnosticArray(status=[status]))
    graph.say(qos.EPISODE, String(data="start take the red one"))
    return goal


@needs_type
def test_a_goal_is_said_and_followed_to_its_success(graph, goal):
    graph.say(qos.SUBGOAL, String(data=GRASP))
    graph.say(qos.CAPTION, String(data="the red object is on the table"))
    graph.until(lambda: goal.feedback and goal.feedback[-1].caption)
    assert goal.feedback[-1].subgoal == GRASP
    graph.say(qos.EPISODE, String(data="end success"))
    result = goal.result(graph)
    assert (result.status, result.result.outcome, result.result.reason) == (4, "success", "")


@needs_type
def test_a_cancelled_goal_ends_when_its_episode_has(graph, goal):
    goal.handle.cancel_goal_async()
    graph.spin(0.5)
    graph.say(qos.EPISODE, String(data="end failure: cancelled"))
    result = goal.result(graph)
    assert (result.status, result.result.outcome) == (5, "cancelled")


@needs_type
def test_what_cannot_be_read_is_refused_with_the_reason(graph):
    graph.add(ActionNode)
    result = Goal(graph, "").result(graph)
    assert (result.status, result.result.outcome) == (6, "refused")
    assert "empty" in result.result.reason
