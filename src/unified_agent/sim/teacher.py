# SPDX-License-Identifier: Apache-2.0
"""A teacher that sees true poses: correct actions to practise on, and the measure of the physics."""

from collections import Counter
from typing import Any

import numpy as np

from unified_agent.language.subgoals import OBJECTS, Relation, SubGoal
from unified_agent.policy.mdp import Action, State
from unified_agent.sim import tasks
from unified_agent.sim.env import StackObjects
from unified_agent.sim.layouts import SEPARATION

_STANDS = 5.0
"""Seconds a finished stack must stand."""


def act(subgoal: SubGoal, state: State, basket, rng: np.random.Generator) -> Action:
    """A correct action towards a sub-goal, shape (2,).

    Args:
        basket: (x_min, x_max, y_min, y_max), metres.
        rng: draws the free spot an object is put down on.
    """
    match subgoal.relation:
        case Relation.GRASPING:
            if state.holding and _held(state) != subgoal.subject:
                return _free_spot(state, basket, rng)
            return state.objects[subgoal.subject][:2].copy()
        case Relation.ON_TOP_OF if state.holding:
            return state.objects[subgoal.support][:2].copy()
        case Relation.ON_TABLE if state.holding:
            return _free_spot(state, basket, rng)
    return state.objects[subgoal.subject][:2].copy()


def run(task: str, episodes: int, seed: int = 0, objects: tuple[str, ...] = OBJECTS) -> dict[str, Any]:
    """Let the teacher do a task, or a group of tasks in turn, from random starts.

    Returns:
        ``task``, ``episodes``, ``successes``, ``standing`` (successes that hold 5 s later), ``failures`` (why -> count).
    """
    group = tasks.group(task)
    env = StackObjects(group[0].name)
    rng = np.random.default_rng(seed)
    successes, standing, failures = 0, 0, Counter()
    for episode in range(episodes):
        env.reset(seed=seed + episode, options={"task": group[episode % len(group)].name})
        why = _episode(env, rng)
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


def _episode(env: StackObjects, rng: np.random.Generator) -> str | None:
    """One action for each sub-goal of the plan; None when all came true, else what went wrong."""
    for subgoal in env.task.plan:
        _, _, _, _, info = env.step(act(subgoal, env.state, env.world.arm.basket, rng))
        if env.world.holds(subgoal) is not True:
            return f"{subgoal}: {info['motion'] or 'not reached'}"
    return None if info["success"] else "undone by a later action"


def _held(state: State) -> str:
    return min(state.objects, key=lambda name: np.linalg.norm(state.objects[name] - state.tool))


def _free_spot(state: State, basket, rng: np.random.Generator) -> Action:
    """A point of the basket as far from the objects on the table as the hand is wide, if there is one."""
    x_min, x_max, y_min, y_max = basket
    others = np.array([position[:2] for name, position in state.objects.items() if name != _held(state)])
    spots = rng.uniform((x_min, y_min), (x_max, y_max), size=(64, 2))
    gaps = np.linalg.norm(spots[:, None] - others[None], axis=2).min(axis=1)
    free = spots[gaps >= SEPARATION]
    return free[0] if len(free) else spots[np.argmax(gaps)]
