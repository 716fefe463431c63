# SPDX-License-Identifier: Apache-2.0
import numpy as np

from unified_agent.experiments import chance
from unified_agent.sim.env import StackObjects

PLAYED = {
    "grasp": {"actions": 4_000, "episodes": 450, "successes": 40},
    "stack": {"actions": 20_000, "episodes": 2_000, "successes": 5},
    "from hand": {"actions": 4_000, "episodes": 400, "successes": 8},
    "uncover": {"actions": 3_000, "episodes": 300, "successes": 30},
    "second floor": {"actions": 20_000, "episodes": 2_000, "successes": 4},
}
GRASP, FROM_HAND, STACK, BURIED, TRIPLE = chance.sparseness(PLAYED)


def test_sparseness_is_random_actions_a_success_and_what_is_too_rare_goes_by_two_stages():
    found = chance.sparseness(PLAYED)
    assert found == {GRASP: 100, FROM_HAND: 500, STACK: 4_000, BURIED: 100 * 400, TRIPLE: 4_000 * 500}


def test_what_never_happened_by_chance_has_no_sparseness():
    never = {**PLAYED, "stack": {"actions": 20_000, "episodes": 2_000, "successes": 0}}
    assert [task for task, sparse in chance.sparseness(never).items() if sparse is None] == [STACK, BURIED, TRIPLE]


def test_the_second_floor_starts_with_red_on_blue_and_the_buried_one_below_green():
    names = ["red", "green", "blue"]
    assert ("blue", "red") in chance.STARTS["second floor"].task.layout(np.random.default_rng(0), names)
    assert ("blue", "green") in chance.STARTS["uncover"].task.layout(np.random.default_rng(0), names)


def test_a_batch_counts_each_goal_until_it_came_and_is_the_same_again(monkeypatch):
    monkeypatch.setattr(chance, "BATCH", 2)
    found = chance.play("grasp", 1, "fr3")
    assert found["episodes"] == 6 and found["successes"] <= 6 and 6 <= found["actions"] <= 60
    assert chance.play("grasp", 1, "fr3") == found


def test_the_task_from_the_hand_starts_with_red_in_it():
    env = StackObjects("stack_red_on_blue_from_hand")
    env.reset(seed=3)
    holds = env.world.holds(env.task.plan[0])
    env.close()
    assert holds is True
