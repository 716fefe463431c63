# SPDX-License-Identifier: Apache-2.0
"""Following a graph that the test plays: a planner, a policy and a recorder that only talk."""

import threading
import time

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from unified_agent.graph import following
from unified_agent.graph.following import SUCCESS, Follower, NoGraph, TwoGraphs
from unified_agent.nodes import errand, qos


class Player:
    """A node that says on /diagnostics, and on any other topic, what the test wants; it answers in a thread of its own.

    Attributes:
        deaf: instructions that it takes no note of, at first.
        heard: the instructions that came.
    """

    def __init__(self, name, namespace="", deaf=0):
        self.node = Node(name, namespace=namespace, enable_rosout=False, start_parameter_services=False)
        self.deaf, self.heard, self.cancelled = deaf, [], 0
        self._publishers = {}
        self._state = ("ready", DiagnosticStatus.OK, {})
        self.offer(qos.DIAGNOSTICS)
        self.node.create_timer(0.1, self._tell)
        self.node.create_service(Trigger, "~/cancel", self._on_cancel)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin)
        self._thread.start()

    def close(self):
        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()

    def offer(self, topic):
        self._publishers[topic.name] = self.node.create_publisher(topic.type, topic.name, topic.qos)

    def listens(self):
        self.node.create_subscription(String, qos.INSTRUCTION.name, self._on_instruction, qos.COMMAND)

    def says(self, topic, text):
        self._publishers[topic.name].publish(String(data=text))

    def reports(self, message, level=DiagnosticStatus.OK, **values):
        self._state = (message, level, {**self._state[2], **{key.replace("_", " "): v for key, v in values.items()}})
        self._tell()

    def _tell(self):
        message, level, values = self._state
        entries = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        status = DiagnosticStatus(level=level, name=self.node.get_name(), message=message, values=entries)
        self._publishers[qos.DIAGNOSTICS.name].publish(DiagnosticArray(status=[status]))

    def _on_instruction(self, message):
        self.heard.append(message.data)
        if len(self.heard) > self.deaf:
            self.reports("planning", heard=" ".join(message.data.split()), times_heard=1)

    def _on_cancel(self, request, response):
        self.cancelled += 1
        return response


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
    planner.listens()
    yield planner
    planner.close()


@pytest.fixture
def policy(follower):
    policy = Player("policy")
    policy.offer(qos.EPISODE)
    yield policy
    policy.close()


def test_an_episode_is_followed_from_its_instruction_to_its_end(follower, planner, policy):
    follower.say("grasp  the red object")
    planner.says(qos.PLAN, "the robot is grasping the red object")
    policy.says(qos.EPISODE, "start grasp the red object")
    lines_until(follower, lambda: follower.plan)
    policy.says(qos.EPISODE, "end success")
    lines = lines_until(follower, lambda: follower.outcome)
    assert follower.outcome == SUCCESS
    assert lines[-1].startswith("end     success after")


def test_the_files_are_told_with_what_is_wrong_with_them(follower, planner, policy):
    recorder = Player("recorder")
    try:
        recorder.reports("ready", written="", recording="", troubles="")
        follower.say("grasp the red object")
        policy.says(qos.EPISODE, "start grasp the red object")
        policy.says(qos.EPISODE, "end success")
        lines_until(follower, lambda: follower.outcome)
        trouble = "the recorder fell behind: /joint_states came up to 3.8 s late"
        recorder.reports(f"wrote a; {trouble}", DiagnosticStatus.WARN, written="a\na.mp4", troubles=trouble)
        lines = lines_until(follower, lambda: follower.written)
    finally:
        recorder.close()
    assert lines[-3:] == ["wrote   a", "wrote   a.mp4", f"warning recorder: {trouble}"]
    assert sum(trouble in line for line in lines) == 1
    assert follower.troubles == (trouble,)


def test_a_refusal_ends_with_its_reason(follower, planner, policy):
    follower.say("sing a song")
    planner.says(qos.PLAN, "")
    planner.reports("refused: this is not about the objects", DiagnosticStatus.WARN)
    lines_until(follower, lambda: follower.outcome)
    assert follower.outcome == "refused: this is not about the objects"


def test_two_nodes_of_a_kind_end_it_with_what_to_do(follower, planner):
    second = Player("planner")
    with pytest.raises(TwoGraphs, match=r"2 nodes named '/planner' answer(.|\n)*ROS_DOMAIN_ID of its own"):
        lines_until(follower, lambda: False)
    second.close()
    follower.poll()


def test_other_nodes_with_diagnostics_are_let_be(follower, planner):
    strangers = [Player("camera_driver"), Player("camera_driver")]
    for stranger in strangers:
        stranger.reports("ready")
    lines = lines_until(follower, lambda: "camera_driver" in follower.diagnostics)
    assert "node    camera_driver: ready" in lines
    for stranger in strangers:
        stranger.close()


def test_a_graph_that_ends_before_the_episode_is_not_waited_for(follower, planner, policy):
    follower.say("grasp the red object")
    follower.still_there()
    policy.close()
    lines_until(follower, lambda: follower.node.count_publishers(qos.EPISODE.name) == 0)
    with pytest.raises(NoGraph, match="policy has gone"):
        follower.still_there()


def test_without_a_graph_there_is_nobody_to_tell(follower, monkeypatch):
    monkeypatch.setattr(following, "DISCOVERY", 0.3)
    with pytest.raises(NoGraph, match="unified-agent up sim"):
        follower.say("grasp the red object")


def test_an_instruction_that_was_not_heard_is_said_again_until_it_is(follower, policy, monkeypatch):
    monkeypatch.setattr(errand, "REPEAT", 0.2)
    planner = Player("planner", deaf=2)
    planner.offer(qos.PLAN)
    planner.listens()
    follower.say("grasp the red object")
    lines_until(follower, lambda: follower.heard)
    for _ in range(5):
        follower.poll()
    assert planner.heard == ["grasp the red object"] * 3
    planner.close()


def test_a_planner_that_takes_no_note_is_not_waited_for(follower, policy, monkeypatch):
    monkeypatch.setattr(errand, "HEARING", 0.5)
    planner = Player("planner", deaf=100)
    planner.offer(qos.PLAN)
    planner.listens()
    follower.say("grasp the red object")
    lines_until(follower, lambda: follower.outcome)
    assert follower.outcome.startswith("refused: the planner took no note")
    planner.close()


def test_a_plan_that_the_policy_refuses_ends_with_its_reason(follower, planner, policy):
    policy.reports("plan refused, the arm holds: an old reason", DiagnosticStatus.ERROR, plans_refused=1)
    follower.say("grasp the red object")
    planner.says(qos.PLAN, "the robot is grasping the red object")
    lines_until(follower, lambda: follower.plan)
    assert follower.outcome == ""
    policy.reports("plan refused, the arm holds: two planners", DiagnosticStatus.ERROR, plans_refused=2)
    lines_until(follower, lambda: follower.outcome)
    assert follower.outcome == "refused: plan refused, the arm holds: two planners"


def test_cancelling_asks_planner_and_policy(follower, planner, policy):
    follower.say("grasp the red object")
    lines_until(follower, lambda: follower.heard)
    follower.cancel()
    lines_until(follower, lambda: policy.cancelled)
    planner.reports("refused: cancelled", DiagnosticStatus.WARN)
    planner.says(qos.PLAN, "")
    lines_until(follower, lambda: follower.outcome)
    assert follower.outcome == "refused: cancelled"
    assert (planner.cancelled, policy.cancelled) == (1, 1)


def test_another_agents_nodes_in_another_namespace_are_neither_heard_nor_counted(follower, planner, policy):
    others = [Player(name, namespace="/right") for name in ("planner", "policy")]
    for other in others:
        other.offer(qos.PLAN)
        other.offer(qos.EPISODE)
    lines_until(follower, lambda: {"planner", "policy"} <= set(follower.diagnostics))
    others[0].says(qos.PLAN, "the robot is grasping the blue object")
    others[1].says(qos.EPISODE, "start grasp the blue object")
    for _ in range(5):
        follower.poll()
    assert (follower.plan, follower.started) == ((), None)
    for other in others:
        other.close()
