# SPDX-License-Identifier: Apache-2.0
"""Episodes of stacking red on blue, as they succeed and as robots fail at it; measured by MuJoCo's true poses."""

from collections.abc import Callable, Iterator

import numpy as np

from unified_agent.sim import teacher
from unified_agent.sim.env import StackObjects
from unified_agent.sim.scene import OBJECT_SIZE
from unified_agent.sim.world import CONTROL_STEPS

_SET_POINTS_A_FRAME = 5
"""Ten frames a second, as the graph's cameras take them."""
_KNOCK = 0.8
"""Speed that the upper box is given, metres a second."""


def _stack(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for goal in env.task.plan:
        yield teacher.act(goal, env.state, env.world.arm.basket)


def _wrong_object(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield env.state.objects["green"][:2]
    yield env.state.objects["blue"][:2]


def _missed_place(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield env.state.objects["red"][:2]
    yield env.state.objects["blue"][:2] + _aside(rng, 0.6, 1.1)


def _dropped_beside(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield env.state.objects["red"][:2]
    yield env.state.objects["blue"][:2] + _aside(rng, 2.0, 3.0)


def _never_grasped(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(2):
        yield env.state.objects["red"][:2] + _aside(rng, 1.3, 2.0)


def _aside(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """In any direction, by so many boxes."""
    angle = rng.uniform(0, 2 * np.pi)
    return rng.uniform(low, high) * OBJECT_SIZE * np.array([np.cos(angle), np.sin(angle)])


FAILURES: dict[str, Callable[[StackObjects, np.random.Generator], Iterator[np.ndarray]]] = {
    "the wrong object": _wrong_object,
    "missed the place": _missed_place,
    "dropped beside": _dropped_beside,
    "never grasped": _never_grasped,
    "stacked, then knocked off": _stack,
}
ACTIONS = {"success": _stack, **FAILURES}


def film(env: StackObjects, kind: str, seed: int) -> np.ndarray | None:
    """Moments of an episode, uint8, (T, C, H, W, 3); None where it did not come out as it was to.

    Args:
        env: of the task of stacking red on blue.
        kind: "success", or one of `FAILURES`.
    """
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    moments: list[np.ndarray] = []
    ticks = 0

    def watch() -> None:
        nonlocal ticks
        if ticks % _SET_POINTS_A_FRAME == 0:
            moments.append(np.stack(list(env.frames().values())))
        ticks += 1

    def wait(seconds: float) -> None:
        for _ in range(round(50 * seconds)):
            env.world.step(CONTROL_STEPS)
            watch()

    wait(0.5)
    for action in ACTIONS[kind](env, rng):
        env.perform(np.clip(action, env.action_space.low, env.action_space.high), watch)
    if kind == "stacked, then knocked off":
        if not env.task.success(env.world):
            return None
        wait(0.3)
        angle = rng.uniform(0, 2 * np.pi)
        env.world.data.joint("red").qvel[:2] = _KNOCK * np.array([np.cos(angle), np.sin(angle)])
    wait(1.2)
    return np.stack(moments) if env.task.success(env.world) == (kind == "success") else None
