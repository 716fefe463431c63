# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.language import plan
from unified_agent.sim import tasks
from unified_agent.sim.tasks import UnknownTask


def test_the_groups_hold_every_pair_and_every_order():
    sizes = {name: len(tasks.group(name)) for name in ("grasp", "stack", "triple_stack", "place_on_table")}
    assert sizes == {"grasp": 3, "stack": 6, "triple_stack": 6, "place_on_table": 3}


@pytest.mark.parametrize("name", tasks.names())
def test_the_plan_of_every_task_is_possible_and_ends_in_its_goals(name):
    task = tasks.get(name)
    plan.check(task.plan)
    assert set(task.goals) <= set(task.plan)


@pytest.mark.parametrize("name", tasks.names())
def test_no_task_is_done_before_it_has_begun(world, name):
    task = tasks.get(name)
    world.reset(seed=3, layout=task.layout(np.random.default_rng(0), world.objects))
    world.step(100)
    assert not task.success(world)


def test_a_triple_stack_is_named_from_top_to_bottom():
    first, second = tasks.get("triple_stack_green_red_blue").goals
    assert first.sentence == "the red object is on top of the blue object"
    assert second.sentence == "the green object is on top of the red object"


@pytest.mark.parametrize("lookup", [tasks.get, tasks.group])
def test_an_unknown_task_is_an_error_that_names_the_nearest(lookup):
    with pytest.raises(UnknownTask, match="Did you mean 'stack_red_on_blue'"):
        lookup("stack_red_on_bleu")
