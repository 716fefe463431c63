# SPDX-License-Identifier: Apache-2.0
"""The planner node; a table of answers stands for the language model, whose own tests are in test/language."""

import threading

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

# The node imports them in its thread, which may take longer than a test waits for an answer; and in a process that has
# rendered in software already, importing them fails (two LLVMs).
import open_clip  # noqa: F401
import torch  # noqa: F401
from std_msgs.msg import String

from unified_agent.experiments import actors
from unified_agent.language.planner import Planner, plan_of_lines
from unified_agent.language.refusal import check_text
from unified_agent.nodes import qos
from unified_agent.nodes.planner import PlannerNode
from unified_agent.sim import tasks

GRASP = "the robot is grasping the red object"
ANSWERS = {"take red": [GRASP, "end"], "hold both": [GRASP, GRASP.replace("red", "blue"), "end"]}


class Table:
    """Checks instructions and plans as the true planner does, and answers from a table once ``go`` is set."""

    def __init__(self):
        self.go = threading.Event()
        self.go.set()
        self.asked = []

    def plan(self, instruction):
        text = check_text(instruction)
        self.asked.append(text)
        assert self.go.wait(10)
        return plan_of_lines(ANSWERS.get(text, ["refused: unknown object"]), text)


@pytest.fixture
def table(monkeypatch):
    table = Table()
    monkeypatch.setattr(Planner, "load", lambda spec, device: table)
    return table


def test_an_instruction_becomes_a_plan_a_sentence_a_line(graph, table):
    graph.add(PlannerNode)
    plans = graph.heard(qos.PLAN)
    graph.say(qos.INSTRUCTION, String(data="take red"))
    graph.until(lambda: plans)
    assert plans[-1].data == GRASP


@pytest.mark.parametrize(
    ("instruction", "why"),
    [
        ("", "empty"),
        ("stack " * 2000, "12000 characters"),
        ("red \x1b[2J", "control"),
        ("pick up the mug", "not here"),
        ("hold both", "still holds the red object"),
    ],
)
def test_what_cannot_be_done_is_an_empty_plan_with_the_reason(graph, table, instruction, why):
    graph.add(PlannerNode)
    diagnosis, plans = graph.diagnosis("planner"), graph.heard(qos.PLAN)
    graph.say(qos.INSTRUCTION, String(data=instruction))
    graph.until(lambda: plans and diagnosis().startswith("refused"))
    assert plans[-1].data == ""
    assert why in diagnosis()


def test_the_newest_instruction_wins(graph, table):
    graph.add(PlannerNode)
    table.go.clear()
    plans = graph.heard(qos.PLAN)
    graph.say(qos.INSTRUCTION, String(data="pick up the mug"))
    graph.until(lambda: table.asked)
    for instruction in ("hold both", "take red"):
        graph.say(qos.INSTRUCTION, String(data=instruction))
    graph.spin(0.3)
    table.go.set()
    graph.until(lambda: len(plans) == 2)
    assert table.asked == ["pick up the mug", "take red"]


def test_the_instruction_of_the_launch_waits_for_those_who_must_hear_of_it(graph, table):
    plans = graph.heard(qos.PLAN)
    graph.add(PlannerNode, instruction="take red")
    graph.spin(0.6)
    assert table.asked == []
    for topic in (qos.SUBGOAL, qos.SCORES):
        graph.partner.create_publisher(topic.type, topic.name, topic.qos)
    graph.until(lambda: plans)
    assert plans[-1].data == GRASP


def test_a_planner_that_is_started_again_does_not_repeat_the_instruction_of_the_launch(graph, table):
    story = graph.partner.create_publisher(qos.EPISODE.type, qos.EPISODE.name, qos.EPISODE.qos)
    story.publish(String(data="start take red"))
    diagnosis, plans = graph.diagnosis("planner"), graph.heard(qos.PLAN)
    graph.add(PlannerNode, instruction="take red")
    for topic in (qos.SUBGOAL, qos.SCORES):
        graph.partner.create_publisher(topic.type, topic.name, topic.qos)
    graph.until(lambda: "is not given" in diagnosis())
    graph.spin(0.5)
    assert plans == []


def test_a_video_is_watched_instead_of_read(graph, table, tmp_path):
    path = tmp_path / "hand.mp4"
    assert actors.perform(tasks.get("stack_red_on_blue"), 3, "fr3", path)
    graph.add(PlannerNode)
    plans = graph.heard(qos.PLAN)
    graph.say(qos.INSTRUCTION, String(data=str(path)))
    graph.until(lambda: plans, seconds=60)
    assert plans[-1].data == f"{GRASP}\nthe red object is on top of the blue object"
    assert table.asked == []


def test_a_video_that_is_not_there_is_refused(graph, table):
    graph.add(PlannerNode)
    plans = graph.heard(qos.PLAN)
    graph.say(qos.INSTRUCTION, String(data="/nowhere/hand.mp4"))
    graph.until(lambda: plans)
    assert plans[-1].data == ""
