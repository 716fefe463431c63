# SPDX-License-Identifier: Apache-2.0
"""How sparse a task's reward is: uniformly random actions until it comes, in episodes of ten."""

from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from unified_agent.language.subgoals import VOCABULARY, Relation, SubGoal
from unified_agent.sim import tasks
from unified_agent.sim.env import StackObjects

ACTIONS = 10
"""Of an episode."""
BATCH = 200
"""Episodes a part: what an interrupted call loses."""


@dataclass(frozen=True)
class Start:
    """Random play from one kind of start.

    Attributes:
        task: where it starts.
        goals: each alone is what is waited for, as likely as the others by the start's symmetry.
        episodes: how many.
    """

    task: tasks.Task
    goals: tuple[SubGoal, ...]
    episodes: int


def _of(relation: Relation) -> tuple[SubGoal, ...]:
    return tuple(goal for goal in VOCABULARY if goal.relation is relation)


def _on(top: str, bottom: str) -> SubGoal:
    return SubGoal(Relation.ON_TOP_OF, top, bottom)


_STACK, _TOWER = tasks.get("stack_red_on_blue"), tasks.get("triple_stack_green_red_blue")
_FROM_HAND, _BURIED = tasks.get("stack_red_on_blue_from_hand"), tasks.get("uncover_and_stack_red_on_blue")
STARTS = {
    "grasp": Start(tasks.get("grasp_red"), _of(Relation.GRASPING), 300),
    "stack": Start(_STACK, _of(Relation.ON_TOP_OF), 1_200),
    "from hand": Start(_FROM_HAND, (_on("red", "blue"), _on("red", "green")), 800),
    "uncover": Start(_BURIED, (SubGoal(Relation.ON_TABLE, "green"),), 300),
    "second floor": Start(replace(_TOWER, stacks=(("blue", "red"),)), (_on("green", "red"),), 1_600),
}
"""What is played. The second floor is the Triple Stack begun where red is on blue already."""


def play(name: str, batch: int, arm: str) -> dict:
    """One batch of episodes from a start.

    Returns:
        ``actions`` and ``successes``, over all goals of the start: each counted until it came true or the episode
        ended, by MuJoCo's true poses; and ``episodes``, one for each goal.
    """
    start = STARTS[name]
    env = StackObjects(arm=arm)
    actions = successes = episodes = 0
    for number in tqdm(range(min(BATCH, start.episodes - batch * BATCH)), desc=name):
        seed = batch * BATCH + number
        rng = np.random.default_rng(seed)
        env.reset(seed=seed, options={"task": start.task})
        waited = set(start.goals)
        episodes += len(waited)
        for _ in range(ACTIONS):
            actions += len(waited)
            env.perform(rng.uniform(env.action_space.low, env.action_space.high))
            came = {goal for goal in waited if env.world.holds(goal) is True}
            successes += len(came)
            waited -= came
            if env.astray or not waited:
                break
    env.close()
    return {"actions": actions, "successes": successes, "episodes": episodes}


def together(rows: list[dict]) -> dict:
    """The sums of some batches."""
    return {key: sum(row[key] for row in rows) for key in ("actions", "successes", "episodes")}


def sparseness(played: dict[str, dict]) -> dict[str, float | None]:
    """Random actions a success of each task; None where one never came.

    Those of a tower, and of a stack under which something must be taken away first, are too large to be met by
    chance. They are estimated in two stages: the actions until the first, over the probability that an episode that
    begins there ends with the second. The true ones are larger, because what is left of an episode after the first
    stage is shorter than a whole one.

    Args:
        played: by the names of `STARTS`, from `together`.
    """
    each = {name: row["actions"] / row["successes"] if row["successes"] else None for name, row in played.items()}

    def staged(first: str, second: str) -> float | None:
        row = played[second]
        return each[first] * row["episodes"] / row["successes"] if each[first] and row["successes"] else None

    return {
        "grasp_red": each["grasp"],
        _FROM_HAND.name: each["from hand"],
        _STACK.name: each["stack"],
        _BURIED.name: staged("uncover", "stack"),
        _TOWER.name: staged("stack", "second floor"),
    }
