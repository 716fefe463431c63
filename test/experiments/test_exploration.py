# SPDX-License-Identifier: Apache-2.0
from itertools import pairwise

import pytest

from unified_agent.experiments import exploration, learners

TASKS = tuple(exploration.BUDGETS)
FOUND = dict(zip(TASKS, (50, 400, 3_000, 30_000, 1_000_000), strict=True))


def table(*slopes: float) -> dict:
    """Of a seed for each slope: actions to every rate, a power law of the sparseness."""
    return {
        task: {learners.OURS: {str(r): [round(100 * FOUND[task] ** s) for s in slopes] for r in exploration.RATES}}
        for task in TASKS
    }


def test_the_slope_is_that_of_a_power_law_with_an_interval_over_the_seeds():
    found = exploration.slope(table(0.3, 0.4, 0.45), FOUND, 0.5)
    assert found["slope"] == pytest.approx(0.4, abs=0.01) and found["tasks"] == 5
    assert found["interval"] == pytest.approx((0.3, 0.45), abs=0.01)


def test_a_task_that_half_of_the_seeds_did_not_learn_is_not_among_those_of_the_slope():
    reached = table(0.4, 0.4, 0.4)
    reached[TASKS[-1]][learners.OURS]["0.5"] = [None, None, 5]
    found = exploration.slope(reached, FOUND, 0.5)
    assert found["tasks"] == 4 and found["slope"] == pytest.approx(0.4, abs=0.01)


def test_one_task_has_no_slope():
    assert exploration.slope({}, FOUND, 0.5)["slope"] is None
    one = {TASKS[0]: table(0.4)[TASKS[0]]}
    assert exploration.slope(one, FOUND, 0.5) == {"slope": None, "interval": None, "tasks": 1}


def test_there_are_five_tasks_of_growing_sparseness_for_the_slope():
    assert len([task for task in TASKS if learners.OURS in exploration.BUDGETS[task]]) >= 5


def test_no_run_stops_before_its_budget_is_spent_and_all_are_measured_on_one_grid():
    made = [learners.settings_of(name, TASKS[0], 2_000, 0, "fr3") for name in learners.CHOICES]
    assert all(settings.until > 1 for settings in made)
    assert len({settings.grid for settings in made}) == 1
    below = [point for point in learners.GRID if point <= 5_000]
    assert max(b - a for a, b in pairwise(below)) == 250


def test_runs_are_laid_on_the_grid_as_far_as_all_of_them_go():
    runs = [
        [{"actions": 260, "success": 0.1}, {"actions": 510, "success": 0.6}, {"actions": 790, "success": 0.7}],
        [{"actions": 250, "success": 0.0}, {"actions": 640, "success": 0.2}],
    ]
    grid, values = exploration.on_one_grid(runs)
    assert grid.tolist() == [250, 500]
    assert values.tolist() == [[0.1, 0.6], [0.0, 0.2]]


@pytest.mark.parametrize("known", [True, False])
def test_a_result_is_told_and_drawn(tmp_path, known):
    rows = [{"actions": 260, "success": 0.0}, {"actions": 900, "success": 0.6}]
    never = {learners.OURS: {str(rate): [None] * 3 for rate in exploration.RATES}}
    reached = table(0.3, 0.4, 0.5) if known else dict.fromkeys(TASKS, never)
    result = {
        "sparseness": FOUND if known else dict.fromkeys(FOUND),
        "budgets": exploration.BUDGETS,
        "actions_to": reached,
        "curves": {task: {learners.OURS: [rows] * 3, learners.SAC: [rows[:1]] * 3} for task in TASKS},
        "slopes": {str(rate): exploration.slope(reached, FOUND, rate) for rate in exploration.RATES},
    }
    exploration.draw(result, tmp_path / "exploration.png")
    assert (tmp_path / "exploration.png").stat().st_size > 10_000
    assert ("slope to 50%: 0.40" if known else "slope to 50%: not known") in exploration.tell(result)
