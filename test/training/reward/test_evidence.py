# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.recording.facts import EpisodeFacts, PursuedSubGoal
from unified_agent.training.reward.evidence import SLACK, knows, truth_at

GRASP, STACK = "the robot is grasping the red object", "the red object is on top of the blue object"


def episode(result: str = "success", **reached: float | None) -> EpisodeFacts:
    """Red is grasped from 10 s, by 20 s; and stacked from 20 s, by 30 s."""
    times = {"grasp": 20.0, "stack": 30.0, **reached}
    pursuits = [PursuedSubGoal(GRASP, 10.0, times["grasp"])]
    if times["grasp"] is not None:
        pursuits.append(PursuedSubGoal(STACK, 20.0, times["stack"]))
    return EpisodeFacts("stack red on blue", [GRASP, STACK], pursuits, result, 9.0, 40.0)


@pytest.mark.parametrize(
    ("seconds", "truth", "near"),
    [(15, 0, False), (25, 0, True), (30 - SLACK / 2, -1, False), (31, 1, False), (39, 1, False)],
)
def test_the_last_sub_goal_is_false_then_nearly_true_then_true_to_the_end(seconds, truth, near):
    assert truth_at(episode(), STACK, seconds) == (truth, near)


def test_an_earlier_one_is_true_until_the_next_is_pursued():
    facts = episode()
    facts.pursuits[1].pursued = 22.0
    assert [truth_at(facts, GRASP, seconds) for seconds in (5, 15, 21, 23)] == [
        (0, False),
        (0, True),
        (1, False),
        (-1, False),
    ]


def test_what_was_not_reached_never_was_true():
    facts = episode("failure: the time is up", stack=None)
    assert truth_at(facts, STACK, 39) == (0, True)
    facts = episode("failure: given up", grasp=None)
    assert truth_at(facts, STACK, 39) == (0, False)


def test_what_came_of_a_failure_after_it_was_reached_is_not_known():
    assert truth_at(episode("failure: the time is up"), STACK, 35) == (-1, False)


def test_what_was_reached_as_soon_as_it_was_pursued_may_have_been_true_before():
    assert truth_at(episode(stack=20.2), STACK, 15) == (-1, False)


def test_an_episode_tells_of_its_own_sub_goals_once_it_has_ended():
    assert knows(episode(), "The red object is on top of the blue object.")
    assert not knows(episode(""), STACK)
    assert not knows(episode(), "the green object is on the table")
