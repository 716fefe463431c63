# SPDX-License-Identifier: Apache-2.0
"""SAC with hindsight experience replay, by Stable-Baselines3, on the same environment and actions.

A goal is a set of sub-goals that hold together, told by MuJoCo's true poses: more than the other learners are told.
"""

from collections.abc import Sequence

import gymnasium
import numpy as np
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.sim import starts
from unified_agent.sim.env import StackObjects

WORLDS = 2
"""Their number changes what is learnt, and so it is not that of the collectors."""


class GoalEnv(gymnasium.Env):
    """``StackObjects`` with goals.

    Observation: ``observation`` (13,): positions of objects and tool relative to the basket's centre in units of
    0.15 m, and whether something is held; ``achieved_goal`` (12,): 1 for each sub-goal that holds;
    ``desired_goal`` (12,): 1 for each that is wanted. Action: (x, y) in [-1, 1], the basket's width and depth.
    Reward: 1 where all that is wanted holds, else 0.
    """

    def __init__(self, task: str, arm: str) -> None:
        self._env = StackObjects(task=task, arm=arm)
        box = gymnasium.spaces.Box
        goals = box(0.0, 1.0, (len(VOCABULARY),), np.float32)
        self.observation_space = gymnasium.spaces.Dict(
            observation=box(-np.inf, np.inf, (13,), np.float32), achieved_goal=goals, desired_goal=goals
        )
        self.action_space = box(-1.0, 1.0, (2,), np.float32)
        self._low, self._high = self._env.action_space.low, self._env.action_space.high
        wanted = self._env.task.goals
        self._desired = np.array([goal in wanted for goal in VOCABULARY], dtype=np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self._env.reset(seed=seed)
        return self._observation(), {}

    def step(self, action: np.ndarray):
        target = self._low + (np.asarray(action) + 1) / 2 * (self._high - self._low)
        _, _, terminated, truncated, info = self._env.step(np.clip(target, self._low, self._high))
        observation = self._observation()
        reward = float(self.compute_reward(observation["achieved_goal"], self._desired, info))
        return observation, reward, terminated, truncated, {"is_success": info["success"]}

    def compute_reward(self, achieved_goal: np.ndarray, desired_goal: np.ndarray, info) -> np.ndarray:
        """1 where all that is desired is achieved; shape (...,) of goals of shape (..., 12)."""
        return np.all(achieved_goal >= desired_goal, axis=-1).astype(np.float32)

    def close(self) -> None:
        self._env.close()

    def _observation(self) -> dict[str, np.ndarray]:
        state = self._env.state
        centre = np.array([*(self._low + self._high) / 2, 0.0])
        places = [(position - centre) / 0.15 for position in (*state.objects.values(), state.tool)]
        holds = [self._env.world.holds(goal) is True for goal in VOCABULARY]
        return {
            "observation": np.array([*np.concatenate(places), float(state.holding)], dtype=np.float32),
            "achieved_goal": np.array(holds, dtype=np.float32),
            "desired_goal": self._desired.copy(),
        }


def run(task: str, seed: int, arm: str, grid: Sequence[int], episodes: int) -> dict:
    """One run in this process with the defaults of Stable-Baselines3, a gradient step an action.

    Args:
        grid: actions at which success is measured; it ends with the last.
        episodes: of a measurement.

    Returns:
        ``measured``: rows of ``actions`` and ``success``; ``episodes_done``: rewarded episodes while it learnt.

    Raises:
        UserError: Stable-Baselines3 is not installed.
    """
    try:
        from stable_baselines3 import SAC, HerReplayBuffer
        from stable_baselines3.common.env_util import make_vec_env
        from stable_baselines3.common.evaluation import evaluate_policy
    except ImportError:
        raise UserError("SAC needs Stable-Baselines3: pip install 'unified_agent[baselines]'.") from None

    def worlds(first_seed: int):
        return make_vec_env(GoalEnv, n_envs=WORLDS, seed=first_seed, env_kwargs={"task": task, "arm": arm})

    envs, others = worlds(seed), worlds(starts.measuring(0))
    model = SAC(
        "MultiInputPolicy", envs, replay_buffer_class=HerReplayBuffer, gradient_steps=-1, seed=seed, device="cpu"
    )
    rows, rewarded = [], 0

    def count(variables: dict, _: dict) -> bool:
        nonlocal rewarded
        rewarded += int(variables["rewards"].sum())
        return True

    for actions in tqdm(grid, unit="measurement", desc=f"SAC, {task}"):
        model.learn(actions - model.num_timesteps, reset_num_timesteps=False, callback=count)
        others.seed(starts.measuring(0))
        success, _ = evaluate_policy(model, others, episodes)
        rows.append({"actions": model.num_timesteps, "success": float(success)})
    envs.close()
    others.close()
    return {"measured": rows, "episodes_done": rewarded}
