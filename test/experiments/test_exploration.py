# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.experiments import exploration, learners

FOUND = {
    "grasp_red": {"actions": 4000, "episodes": 450, "successes": 40},
    "stack_red_on_blue": {"actions": 20_000, "episodes": 2000, "successes": 5},
    "second_floor": {"actions": 20_000, "episodes": 2000, "successes": 4},
}
TRIPLE = "triple_stack_green_red_blue"


def result(**more) -> dict:
    rows = [{"actions": 100, "success": 0.0}, {"actions": 900, "success": 0.6}]
    table = {"grasp_red": 100, "stack_red_on_blue": 1000, TRIPLE: 10_000}
    return {
        "sparseness": exploration.sparseness(FOUND),
        "actions_to": {task: {learners.OURS: {"0.5": [actions], "0.8": [None]}} for task, actions in table.items()},
        "curves": {"grasp_red": {learners.OURS: [rows], learners.SAC: [rows[:1]]}},
        "slope": 0.5,
        **more,
    }


def test_sparseness_is_random_actions_a_success_and_that_of_the_tower_goes_by_two_stages():
    found = exploration.sparseness(FOUND)
    assert found == {"grasp_red": 100, "stack_red_on_blue": 4000, TRIPLE: 4000 * 500}


def test_what_never_happened_by_chance_has_no_sparseness():
    never = {**FOUND, "stack_red_on_blue": {"actions": 20_000, "episodes": 2000, "successes": 0}}
    assert exploration.sparseness(never) == {"grasp_red": 100, "stack_red_on_blue": None, TRIPLE: None}


def test_the_slope_is_that_of_a_power_law():
    table = {
        task: {learners.OURS: {"0.5": [round(10 * sparse**0.4)]}}
        for task, sparse in exploration.sparseness(FOUND).items()
    }
    assert exploration.slope(table, exploration.sparseness(FOUND)) == pytest.approx(0.4, abs=0.01)


def test_one_task_has_no_slope():
    assert exploration.slope({}, {"grasp_red": 100}) is None


@pytest.mark.parametrize("slope", [None, 0.5])
def test_curves_and_sparseness_are_drawn(tmp_path, slope):
    exploration.draw(result(slope=slope), tmp_path / "exploration.png")
    assert (tmp_path / "exploration.png").stat().st_size > 10_000


def test_the_random_start_of_the_second_floor_has_red_on_blue():
    import numpy as np

    task, _ = exploration.RANDOM["second_floor"]
    assert ("blue", "red") in task.layout(np.random.default_rng(0), ["red", "green", "blue"])
