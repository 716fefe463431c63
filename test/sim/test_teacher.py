# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.sim import teacher


@pytest.mark.parametrize(("task", "episodes"), [("stack", 18), ("triple_stack", 12), ("place_on_table", 6)])
def test_a_correct_pick_and_place_succeeds_and_what_it_builds_stands(task, episodes):
    result = teacher.run(task, episodes, seed=100)
    assert result["successes"] == episodes, result["failures"]
    assert result["standing"] == episodes
