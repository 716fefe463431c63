# SPDX-License-Identifier: Apache-2.0
"""An instruction carried out for somebody; the test says what the graph would say, at the times it likes."""

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from unified_agent.nodes.course import Course
from unified_agent.nodes.errand import CANCELLING, HEARING, REPEAT, UNHEARD, Errand, Step

GRASP = "the robot is grasping the red object"


def tells(course, node, message="", **figures):
    values = [KeyValue(key=key.replace("_", " "), value=str(value)) for key, value in figures.items()]
    course.hear_status(DiagnosticStatus(name=node, message=message, values=values))


@pytest.fixture
def course():
    return Course("take the red one")


@pytest.fixture
def errand(course):
    return Errand(course, 0.0)


@pytest.fixture
def heard(errand, course):
    assert errand.step(0.0) is Step.SAY
    tells(course, "planner", "planning", heard="take the red one", times_heard=1)
    return errand


def test_it_is_said_until_it_is_heard(errand, course):
    assert [errand.step(time) for time in (0.0, 0.1, REPEAT)] == [Step.SAY, Step.NOTHING, Step.SAY]
    tells(course, "planner", heard="take the red one", times_heard=1)
    assert errand.step(2 * REPEAT) is Step.NOTHING


def test_what_nobody_hears_is_given_up(errand):
    errand.step(0.0)
    errand.step(HEARING + 0.1)
    assert (errand.outcome, "took no note" in errand.reason) == ("refused", True)


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        ("end success", "success", ""),
        ("end failure: 'x' was not seen after 8 tries", "failure", "'x' was not seen after 8 tries"),
        ("end failure: cancelled", "cancelled", "cancelled"),
    ],
)
def test_the_end_of_its_episode_is_its_outcome(heard, course, said, outcome, reason):
    course.hear_plan(GRASP)
    course.hear_episode("start take the red one")
    heard.step(1.0)
    course.hear_episode(said)
    heard.step(2.0)
    assert (heard.outcome, heard.reason) == (outcome, reason)


def test_a_plan_that_was_refused_is_its_outcome(heard, course):
    course.hear_plan("")
    tells(course, "planner", "refused: there is no mug", heard="take the red one", times_heard=1)
    heard.step(1.0)
    assert (heard.outcome, heard.reason) == ("refused", "there is no mug")


def test_the_episode_of_another_instruction_is_not_its_own(heard, course):
    course.hear_episode("start take the blue one")
    course.hear_episode("end success")
    heard.step(1.0)
    assert heard.outcome == ""


def test_another_instruction_before_its_episode_takes_its_place(heard, course):
    heard.step(0.5)
    tells(course, "planner", "planning", heard="take the blue one", times_heard=2)
    heard.step(1.0)
    assert (heard.outcome, heard.reason) == ("failure", "replaced by another instruction")


def test_cancelling_is_asked_for_until_it_has_ended(heard, course):
    assert heard.step(1.0, cancel=True) is Step.CANCEL
    assert heard.step(1.1, cancel=True) is Step.NOTHING
    course.hear_episode("start take the red one")
    assert heard.step(1.0 + REPEAT, cancel=True) is Step.CANCEL
    course.hear_episode("end failure: cancelled")
    assert heard.step(4.0, cancel=True) is Step.NOTHING
    assert heard.outcome == "cancelled"


def test_a_cancelled_instruction_is_not_waited_for_for_ever(heard, errand):
    heard.step(0.5)
    heard.step(1.0, cancel=True)
    heard.step(1.1 + CANCELLING, cancel=True)
    assert heard.outcome == "cancelled"


def test_one_that_nobody_heard_is_cancelled_soon(errand):
    errand.step(0.0)
    errand.step(0.1, cancel=True)
    errand.step(0.2 + UNHEARD, cancel=True)
    assert errand.outcome == "cancelled"
