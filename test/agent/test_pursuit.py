# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.agent.pursuit import Outcome, Pursuit
from unified_agent.errors import UserError
from unified_agent.language.subgoals import SubGoal

GRASP_RED = SubGoal.parse("the robot is grasping the red object")
RED_ON_BLUE = SubGoal.parse("the red object is on top of the blue object")
GRASP_GREEN = SubGoal.parse("the robot is grasping the green object")
GREEN_ON_RED = SubGoal.parse("the green object is on top of the red object")
TOWER = (GRASP_RED, RED_ON_BLUE, GRASP_GREEN, GREEN_ON_RED)


def see(*goals):
    return {goal.sentence for goal in goals}


def test_a_plan_is_pursued_in_order_until_its_last_sub_goal_is_seen():
    pursuit = Pursuit((GRASP_RED, RED_ON_BLUE))
    assert pursuit.aim(holding=False) == GRASP_RED
    assert pursuit.judge(see(GRASP_RED))
    assert pursuit.aim(holding=True) == RED_ON_BLUE
    assert pursuit.judge(see(RED_ON_BLUE))
    assert pursuit.outcome is Outcome.SUCCESS
    assert pursuit.aim(holding=False) is None
    assert pursuit.reached == [GRASP_RED, RED_ON_BLUE]


def test_a_sub_goal_out_of_order_does_not_count():
    pursuit = Pursuit((GRASP_RED, RED_ON_BLUE))
    pursuit.aim(holding=False)
    assert not pursuit.judge(see(RED_ON_BLUE))
    assert pursuit.current == GRASP_RED


def test_a_dropped_object_is_grasped_again():
    pursuit = Pursuit((GRASP_RED, RED_ON_BLUE))
    pursuit.aim(holding=False)
    pursuit.judge(see(GRASP_RED))
    assert pursuit.aim(holding=False) == GRASP_RED


def test_a_sub_goal_never_seen_fails_after_its_tries():
    pursuit = Pursuit((GRASP_RED,), tries=3)
    for _ in range(3):
        assert pursuit.aim(holding=False) == GRASP_RED
        pursuit.judge(())
    assert pursuit.aim(holding=False) is None
    assert pursuit.outcome is Outcome.FAILURE
    assert "not seen after 3 tries" in pursuit.reason


def test_dropping_for_ever_fails_too():
    pursuit = Pursuit((GRASP_RED, RED_ON_BLUE), tries=4)
    for _ in range(100):
        if pursuit.aim(holding=False) is None:
            break
        pursuit.judge(see(GRASP_RED))
    assert pursuit.outcome is Outcome.FAILURE


def test_a_tower_that_fell_is_built_again_from_the_fallen_object():
    pursuit = Pursuit(TOWER)
    for goal in TOWER[:-1]:
        pursuit.judge(see(goal))
    assert pursuit.judge(see(GREEN_ON_RED))
    assert pursuit.outcome is Outcome.RUNNING
    assert pursuit.current == GRASP_RED


def test_what_a_later_sub_goal_moves_need_not_last():
    pursuit = Pursuit((GRASP_RED, RED_ON_BLUE, GRASP_RED))
    for goal in (GRASP_RED, RED_ON_BLUE, GRASP_RED):
        pursuit.judge(see(goal))
    assert pursuit.outcome is Outcome.SUCCESS


def test_a_failure_keeps_its_first_reason():
    pursuit = Pursuit((GRASP_RED,))
    pursuit.fail("the arm was stopped")
    pursuit.fail("time is up")
    assert pursuit.reason == "the arm was stopped"
    assert not pursuit.judge(see(GRASP_RED))


@pytest.mark.parametrize(("plan", "tries"), [((), 8), ((GRASP_RED,), 0)])
def test_an_empty_plan_or_no_tries_is_refused(plan, tries):
    with pytest.raises(UserError):
        Pursuit(plan, tries=tries)
