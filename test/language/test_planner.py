# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.language.plan import Plan
from unified_agent.language.planner import Planner, plan_of_lines, write
from unified_agent.language.refusal import Refusal
from unified_agent.language.subgoals import SubGoal


@pytest.fixture(scope="module")
def planner():
    return Planner.load()


@pytest.mark.parametrize(
    ("instruction", "moves"),
    [
        ("stack the red object on top of the blue object", "red/blue"),
        ("Pick up the green block, please.", "green"),
        ("put the red one under the green one", "green/red"),
        ("build a tower: blue at the bottom, red in the middle, green on top", "red/blue green/red"),
        ("put the blue cube on the table", "blue/table"),
        ("Stell den blauen Würfel auf den roten", "blue/red"),
    ],
)
def test_the_shipped_planner_understands(planner, instruction, moves):
    assert planner.plan(instruction) == Plan.of_moves(moves, instruction)


@pytest.mark.parametrize("instruction", ["tell me a joke", "put the yellow block on the mug", "how are you today?"])
def test_the_shipped_planner_refuses_what_is_not_about_the_objects(planner, instruction):
    with pytest.raises(Refusal):
        planner.plan(instruction)


def test_an_answer_is_the_same_every_time(planner):
    assert write(planner._backend, "red on green") == write(planner._backend, "red on green")


def test_the_same_words_are_not_asked_of_the_model_again(planner, monkeypatch):
    first = planner.plan("grasp red")
    monkeypatch.setattr(planner, "_backend", None)
    assert planner.plan(" grasp  red ") == first


def test_a_refusal_of_the_model_says_why():
    with pytest.raises(Refusal, match="object or a place that is not here.*red, green and blue") as caught:
        plan_of_lines(["refused: unknown object"], "pick up the mug")
    assert caught.value.reason == "unknown"


def test_an_impossible_plan_of_the_model_is_refused_with_the_reason():
    lines = ["the robot is grasping the red object", "the robot is grasping the blue object", "end"]
    with pytest.raises(Refusal, match="still holds the red object") as caught:
        plan_of_lines(lines, "hold both")
    assert caught.value.reason == "check"


def test_a_good_plan_of_the_model_is_kept_with_its_instruction():
    plan = plan_of_lines(["the robot is grasping the red object", "end"], "red!")
    assert plan.subgoals == (SubGoal.parse("the robot is grasping the red object"),)
    assert plan.instruction == "red!"
