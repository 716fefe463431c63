# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.errors import UserError
from unified_agent.language.plan import ImpossiblePlan, Plan, check
from unified_agent.language.subgoals import SubGoal


def parse(*sentences):
    return [SubGoal.parse(sentence) for sentence in sentences]


@pytest.mark.parametrize(
    "moves",
    [
        "red",
        "red/blue",
        "red/table",
        "red/blue green/red",
        "green/table red/table blue/red",
        "red/green red/blue",
        "red/table green/table blue/table red/blue green/red",
    ],
)
def test_what_can_be_carried_out_passes(moves):
    check(Plan.of_moves(moves).subgoals)


@pytest.mark.parametrize(
    ("sentences", "why"),
    [
        ((), "empty"),
        (("the red object is on top of the blue object",), "was not grasped"),
        (("the robot is grasping the red object", "the robot is grasping the blue object"), "still holds the red"),
        (("the robot is grasping the red object", "the green object is on the table"), "green object was not grasped"),
    ],
)
def test_a_precondition_that_is_never_met_is_named(sentences, why):
    with pytest.raises(ImpossiblePlan, match=why):
        check(parse(*sentences))


@pytest.mark.parametrize(
    ("moves", "why"),
    [
        ("red/red", "on top of itself"),
        ("red/blue blue/red", "the red object is on top of it"),
        ("red/blue green/blue", "already on top of the blue object"),
        ("red/blue blue/green green/red", "the red object is on top of it"),
        ("red/green green/blue", "the red object is on top of it"),
    ],
)
def test_cycles_and_covered_objects_are_refused_with_the_reason(moves, why):
    with pytest.raises(ImpossiblePlan, match=why):
        check(Plan.of_moves(moves).subgoals)


def test_an_endless_plan_is_refused():
    with pytest.raises(ImpossiblePlan, match="at most 12"):
        check(Plan.of_moves("red/blue red/table " * 4).subgoals)


def test_a_stack_is_grasped_before_it_is_on_top():
    assert str(Plan.of_moves("red/blue")) == (
        "the robot is grasping the red object\nthe red object is on top of the blue object"
    )


def test_a_misspelt_object_names_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'green'"):
        Plan.of_moves("gren/blue")
