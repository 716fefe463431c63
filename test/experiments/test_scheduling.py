# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.experiments.scheduling import REQUESTS, Request, achieves
from unified_agent.language.plan import Plan

SWAP = Request("swap the two", "green/red", "red/green")


def plan(moves):
    return Plan.of_moves(moves).subgoals


def test_there_are_at_least_twenty_different_requests():
    assert len({request.said for request in REQUESTS}) == len(REQUESTS) >= 20


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.said)
def test_no_request_is_done_before_it_is_begun(request_):
    assert not achieves((), request_)


def test_a_plan_that_leads_to_what_is_wanted_achieves_it():
    assert achieves(plan("red/table green/red"), SWAP)


def test_a_plan_that_lifts_what_is_covered_does_not():
    assert not achieves(plan("green/red"), SWAP)


def test_a_plan_that_ends_elsewhere_does_not():
    assert not achieves(plan("red/table green/blue"), SWAP)


def test_a_plan_that_stacks_on_a_covered_object_does_not():
    assert not achieves(plan("blue/green"), Request("blue on green", "blue/green", "red/green"))


def test_a_tower_to_start_with_is_one_stack():
    assert Request("take it apart", "red/table", "green/blue red/green").task.stacks == (("blue", "green", "red"),)
