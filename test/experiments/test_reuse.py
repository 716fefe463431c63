# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.experiments import reuse

FIRST, SECOND, THIRD = reuse.TASKS
WITH = {FIRST: [4000, 6000, 2000], SECOND: [2000, 1000, 500], THIRD: [1000, 600, 1000]}
WITHOUT = {FIRST: [4000, 6000, None], SECOND: [5000, 5000, 900], THIRD: [None, 5000, 900]}


def test_the_third_task_is_compared_with_the_first_seed_by_seed():
    found = reuse.ratio(WITH)
    assert found["median"] == 0.25 and found["interval"] == pytest.approx((0.1, 0.5)) and found["seeds"] == 3


def test_a_third_task_that_was_not_learnt_counts_as_endless_and_a_first_is_left_out():
    assert reuse.ratio(WITHOUT)["median"] == float("inf")
    assert reuse.ratio(WITHOUT)["seeds"] == 2
    assert reuse.ratio({task: [None] for task in reuse.TASKS}) == {"median": None, "interval": None, "seeds": 0}


def test_bars_are_drawn_also_where_a_rate_was_never_reached(tmp_path):
    actions = {"with reuse": WITH, "without": {task: [None] * 3 for task in reuse.TASKS}}
    reuse.draw({"rate": 0.5, "seeds": 3, "actions_to": actions}, tmp_path / "reuse.png")
    assert (tmp_path / "reuse.png").stat().st_size > 5_000
