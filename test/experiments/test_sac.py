# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.experiments.sac import GoalEnv


@pytest.fixture(scope="module")
def env():
    made = GoalEnv("grasp_red", "fr3")
    yield made
    made.close()


def test_the_reward_comes_when_all_that_is_wanted_holds(env):
    observation, _ = env.reset(seed=1)
    wanted = observation["desired_goal"]
    assert wanted.sum() == 1 and observation["achieved_goal"] @ wanted == 0
    x, y = observation["observation"][:2] * 0.15
    width, depth = env._high - env._low
    observation, reward, terminated, _, info = env.step(np.array([2 * x / width, 2 * y / depth]))
    assert reward == 1.0 and terminated and info["is_success"]
    assert observation["achieved_goal"] @ wanted == 1


def test_relabelled_goals_are_rewarded_row_by_row(env):
    achieved, wanted = np.eye(12)[[0, 1]], np.eye(12)[[0, 2]]
    assert env.compute_reward(achieved, wanted, None).tolist() == [1.0, 0.0]
