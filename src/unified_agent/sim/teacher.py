# SPDX-License-Identifier: Apache-2.0
"""A teacher that sees true poses: correct actions to practise on, and the measure of the physics."""

from collections import Counter
from typing import Any

import numpy as np

from unified_agent.language.subgoals import Relation, SubGoal
from unified_agent.sim import starts, tasks
from unified_agent.sim.env import StackObjects
from unified_agent.state import Action, State

_STANDS = 5.0
"""Seconds a finished stack must stand."""
_RIM = 0.03
"""What is put down keeps this far from the rim of the basket, metres."""


def act(subgoal: SubGoal, state: State, basket) -> Action:
    """A correct action towards a sub-goal, inside the basket, shape (2,).

    Args:
        basket: (x_min, x_max, y_min, y_max), metres.
    """
    x_min, x_max, y_min, y_max = basket
    return np.clip(_target(subgoal, state, basket), (x_min, y_min), (x_max, y_max))


def run(task: str, episodes: int, seed: int = 0, arm: str = "default") -> dict[str, Any]:
    """Let the teacher do a task, or a group of tasks in turn, from starts of evaluation ``seed``, ``seed + 1``, ...

    Returns:
        ``task``, ``episodes``, ``successes``, ``standing`` (successes that still hold 5 s later) and
        ``failures`` (why -> count).
    """
    group = tasks.group(task)
    env = StackObjects(group[0].name, arm=arm)
    successes, standing, failures = 0, 0, Counter()
    for episode in range(episodes):
        env.reset(seed=starts.evaluation(seed + episode), options={"task": group[episode % len(group)].name})
        why = _episode(env)
        if why is None:
            successes += 1
            env.world.step(round(_STANDS / env.world.timestep))
            standing += env.task.success(env.world)
        else:
            failures[why] += 1
    env.close()
    return {
        "task": task,
        "episodes": episodes,
        "successes": successes,
        "standing": standing,
        "failures": dict(failures),
    }


def _target(subgoal: SubGoal, state: State, basket) -> Action:
    if not state.holding:
        return state.objects[subgoal.subject][:2]
    if _held(state) != subgoal.subject or subgoal.relation is Relation.ON_TABLE:
        return _free_spot(state, basket)
    if subgoal.relation is Relation.ON_TOP_OF:
        return state.objects[subgoal.support][:2]
    return state.objects[subgoal.subject][:2]


def _episode(env: StackObjects) -> str | None:
    """One action for each sub-goal of the plan; None when all came true, else what went wrong."""
    for subgoal in env.task.plan:
        _, _, _, _, info = env.step(act(subgoal, env.state, env.world.arm.basket))
        if env.world.holds(subgoal) is not True:
            return f"{subgoal}: {info['motion'] or 'not reached'}"
    return None if info["success"] else "undone by a later action"


def _held(state: State) -> str:
    return min(state.objects, key=lambda name: np.linalg.norm(state.objects[name] - state.tool))


def _free_spot(state: State, basket) -> Action:
    """The point of a grid inside the basket that is farthest from the objects on the table."""
    x_min, x_max, y_min, y_max = basket
    others = np.array([position[:2] for name, position in state.objects.items() if name != _held(state)])
    axes = (np.linspace(x_min + _RIM, x_max - _RIM, 8), np.linspace(y_min + _RIM, y_max - _RIM, 8))
    spots = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    return spots[np.argmax(np.linalg.norm(spots[:, None] - others[None], axis=2).min(axis=1))]
