# SPDX-License-Identifier: Apache-2.0
from unified_agent.experiments import reuse

FIRST, SECOND, THIRD = reuse.TASKS
ACTIONS = {
    "with reuse": {FIRST: [4000, 6000], SECOND: [2000, 1000], THIRD: [1000, 500]},
    "without": {FIRST: [4000, 6000], SECOND: [5000, 5000], THIRD: [None, 5000]},
}


def test_the_third_task_is_compared_with_the_first():
    assert reuse._ratio(ACTIONS["with reuse"]) == 0.15


def test_a_rate_that_was_never_reached_gives_no_ratio():
    assert reuse._ratio(ACTIONS["without"]) is None


def test_bars_are_drawn_also_where_a_rate_was_never_reached(tmp_path):
    actions = {**ACTIONS, "without": {task: [None] for task in reuse.TASKS}}
    reuse.draw({"rate": 0.5, "actions_to": actions}, tmp_path / "reuse.png")
    assert (tmp_path / "reuse.png").stat().st_size > 5_000
