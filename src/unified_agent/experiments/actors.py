# SPDX-License-Identifier: Apache-2.0
"""Videos of someone else: a bare hand without an arm, in another colour, at another speed, seen by another camera."""

from pathlib import Path

import numpy as np

from unified_agent.recording.video import VideoWriter
from unified_agent.robot.arm import Arm
from unified_agent.sim import starts, teacher
from unified_agent.sim.env import StackObjects
from unified_agent.sim.scene import ARM
from unified_agent.sim.tasks import Task
from unified_agent.sim.world import CONTROL_STEPS, World

RATE = 10
SIZE = (256, 256)
_SKIN = ((0.87, 0.72, 0.60), (0.55, 0.38, 0.28), (0.95, 0.85, 0.20), (0.35, 0.35, 0.38))
"""Colours of hands."""
_SET_POINTS_A_FRAME = (4, 9)
"""Between two frames, 20 ms each: from about as fast as it is to twice as fast."""


def perform(task: Task, seed: int, arm: str, path: Path) -> bool:
    """Film a hand that does a task; whether it did, by MuJoCo's true poses.

    Args:
        task: with its plan.
        seed: number of the start of evaluation; and of the looks and the speed.
        path: of the new MP4: one camera, 256x256, 10 frames a second.
    """
    rng = np.random.default_rng(seed)
    env = StackObjects(arm=arm, world=_world(arm, rng))
    camera = str(rng.choice(env.world.cameras))
    every = int(rng.integers(*_SET_POINTS_A_FRAME))
    env.reset(seed=starts.evaluation(seed), options={"task": task})
    _undress(env.world, rng)
    ticks = 0
    with VideoWriter(path, rate=RATE) as video:

        def film() -> None:
            nonlocal ticks
            if ticks % every == 0:
                video.write(_noisy(env.world.render(camera), rng))
            ticks += 1

        def wait(set_points: int) -> None:
            for _ in range(set_points):
                env.world.step(CONTROL_STEPS)
                film()

        wait(8 * every)
        for goal in task.plan:
            env.perform(teacher.act(goal, env.state, env.world.arm.basket), film)
        wait(8 * every)
    success = env.task.success(env.world)
    env.close()
    return success


def _world(arm: str, rng: np.random.Generator) -> World:
    return World(Arm.load(arm), camera_size=SIZE, randomise=True, seed=int(rng.integers(2**31)))


def _undress(world: World, rng: np.random.Generator) -> None:
    """Leave only the hand to be seen, in a colour of its own."""
    model = world.model
    hand = {model.body(ARM + finger).id for finger in world.arm.fingers}
    hand |= {int(model.body_parentid[body]) for body in hand}
    colour = _SKIN[rng.integers(len(_SKIN))]
    for geom in range(model.ngeom):
        body = int(model.geom_bodyid[geom])
        if not model.body(body).name.startswith(ARM):
            continue
        if body in hand:
            model.geom_rgba[geom] = (*colour, 1.0)
        else:
            model.geom_rgba[geom, 3] = 0.0


def _noisy(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(frame + rng.normal(0.0, 6.0, frame.shape), 0, 255).astype(np.uint8)
