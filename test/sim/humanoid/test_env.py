# SPDX-License-Identifier: Apache-2.0
import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from unified_agent.errors import UserError
from unified_agent.sim import HUMANOID
from unified_agent.sim.humanoid import BASELINE, TASKS
from unified_agent.sim.humanoid.env import Humanoid


@pytest.fixture(scope="module")
def env():
    env = Humanoid(size=(64, 96), render_mode="rgb_array")
    yield env
    env.close()


def test_it_is_an_environment_as_gymnasium_wants_one():
    env = Humanoid(size=(48, 48), render_mode="rgb_array")
    check_env(env, skip_render_check=True)
    env.close()


def test_an_episode_lasts_a_hundred_decisions_whether_it_falls_or_not():
    env = gymnasium.make(HUMANOID)
    env.reset(seed=0)
    ends = [env.step(env.action_space.low)[2:4] for _ in range(100)]
    assert env.unwrapped.data.qpos[2] < 1.0
    assert ends == [(False, False)] * 99 + [(False, True)]


def test_a_seed_makes_an_episode_come_again(env):
    def played():
        env.reset(seed=3)
        return [env.step(np.full(17, 0.1))[0] for _ in range(5)]

    assert np.array_equal(played(), played())


def test_contact_forces_are_observed_when_it_lies_on_the_floor(env):
    env.reset(seed=0)
    before = env.step(np.zeros(17))[0]
    for _ in range(100):
        after = env.step(np.zeros(17))[0]
    assert not before[-78:].any()
    assert after[-78:].any()


def test_the_picture_shows_the_humanoid_before_sky_and_floor(env):
    env.reset(seed=0)
    frame = env.render().astype(int)
    assert frame.shape == (64, 96, 3)
    assert frame[4, :20, 2].mean() > frame[4, :20, 0].mean() + 20
    assert frame[18:28, 44:52, 0].mean() > 1.5 * frame[18:28, 44:52, 2].mean()


@pytest.mark.parametrize("action", [np.zeros(16), np.full(17, np.nan)])
def test_an_action_that_is_none_is_refused(env, action):
    with pytest.raises(UserError, match="17 finite numbers"):
        env.step(action)


def test_a_size_that_no_picture_has_is_refused():
    with pytest.raises(UserError, match="pixels, not"):
        Humanoid(size=(0, 480))


def test_there_are_eight_tasks_and_no_goal_is_the_baseline():
    assert len(TASKS) == len(set(TASKS.values())) == 8
    assert all(goal.startswith(f"{BASELINE} ") for goal in TASKS.values())
