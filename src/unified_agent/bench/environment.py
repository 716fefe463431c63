# SPDX-License-Identifier: Apache-2.0
"""How fast the environment is, and how much of its time is MuJoCo's own."""

from time import perf_counter

from unified_agent.robot.arm import Arm
from unified_agent.sim import teacher
from unified_agent.sim.env import StackObjects
from unified_agent.sim.world import World


class _TimedWorld(World):
    """A world that adds up the time spent in ``mj_step``."""

    seconds = 0.0

    def _advance(self, n: int) -> None:
        start = perf_counter()
        super()._advance(n)
        self.seconds += perf_counter() - start


def env_profile(episodes: int = 20, arm: str = "default", seed: int = 0) -> dict[str, float]:
    """Run the teacher's two-box stacks through the environment, without rendering.

    Returns:
        ``mj_step`` (fraction of the wall time), ``actions_per_second``, ``real_time_factor``
        (simulated over wall seconds), ``physics_steps_per_second`` (inside ``mj_step``).
    """
    world = _TimedWorld(Arm.load(arm))
    env = StackObjects("stack_red_on_blue", world=world)
    env.reset(seed=seed)
    world.seconds, wall, simulated, actions = 0.0, 0.0, 0.0, 0
    for episode in range(episodes):
        env.reset(seed=seed + episode)
        start = perf_counter()
        for subgoal in env.task.plan:
            env.step(teacher.act(subgoal, env.state, world.arm.basket))
            actions += 1
        wall += perf_counter() - start
        simulated += world.time
    return {
        "mj_step": world.seconds / wall,
        "actions_per_second": actions / wall,
        "real_time_factor": simulated / wall,
        "physics_steps_per_second": simulated / world.timestep / world.seconds,
    }
