# SPDX-License-Identifier: Apache-2.0
import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from unified_agent.errors import UserError
from unified_agent.sim import ENVIRONMENT
from unified_agent.sim.env import StackObjects
from unified_agent.sim.tasks import UnknownTask


@pytest.fixture
def env(world):
    return StackObjects("stack_red_on_blue", world=world)


def above(env, name):
    return env.state.objects[name][:2]


def empty_spot(env):
    """A corner of the basket far from every object."""
    corners = np.array([(x, y) for x in (0.42, 0.68) for y in (-0.15, 0.15)])
    gaps = [min(np.linalg.norm(corner - p[:2]) for p in env.state.objects.values()) for corner in corners]
    return corners[int(np.argmax(gaps))]


# Positions have no bounds, and actions are metres: Gymnasium would rather have both scaled.
@pytest.mark.filterwarnings("ignore:.*For Box action spaces", "ignore:.*A Box observation space m")
def test_gymnasium_makes_it_and_finds_nothing_wrong():
    env = gymnasium.make(ENVIRONMENT, task="grasp_red")
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_a_pick_and_a_place_do_the_task_and_are_rewarded_once(env):
    env.reset(seed=1)
    observation, reward, terminated, truncated, info = env.step(above(env, "red"))
    assert (observation["holding"], reward, terminated, truncated) == (1, 0.0, False, False)
    observation, reward, terminated, _, info = env.step(above(env, "blue"))
    assert (observation["holding"], reward, terminated, info["success"]) == (0, 1.0, True, True)


def test_the_same_seed_and_actions_give_the_same_episode(env):
    ends = []
    for _ in range(2):
        env.reset(seed=5)
        for name in ("red", "blue"):
            observation, *_ = env.step(above(env, name))
        ends.append(observation)
    np.testing.assert_array_equal(ends[0]["objects"], ends[1]["objects"])
    np.testing.assert_array_equal(ends[0]["tool"], ends[1]["tool"])


def test_a_pick_of_nothing_moves_nothing_and_the_next_pick_works(env):
    env.reset(seed=2)
    before = env.state.objects
    observation, *_ = env.step(empty_spot(env))
    assert observation["holding"] == 0
    np.testing.assert_allclose(list(env.state.objects.values()), list(before.values()), atol=1e-3)
    observation, *_ = env.step(above(env, "red"))
    assert observation["holding"] == 1


def test_a_finger_that_lands_on_a_box_is_noticed_and_the_arm_retreats(env):
    env.reset(seed=2)
    *_, info = env.step(above(env, "red") + np.array([0.0, 0.042]))
    assert "in the way" in info["motion"]
    assert env.state.tool[2] > 0.2


def test_an_episode_ends_after_so_many_actions(env):
    env.max_actions = 2
    env.reset(seed=2)
    assert env.step(empty_spot(env))[3] is False
    assert env.step(empty_spot(env))[3] is True


def test_an_object_out_of_the_basket_ends_the_episode(env):
    env.reset(seed=2)
    env.world.place_object("green", (0.55, -0.35, 0.0225))
    assert env.step(empty_spot(env))[3] is True


@pytest.mark.parametrize("action", [(np.nan, 0.0), (np.inf, 0.0), (0.5,), (0.5, 0.0, 0.1), (0.0, 0.0)])
def test_an_action_that_is_no_point_of_the_basket_is_refused_before_anything_moves(env, action):
    env.reset(seed=2)
    before = env.world.time
    with pytest.raises(UserError):
        env.step(np.array(action))
    assert env.world.time == before


def test_the_task_can_change_at_a_reset_and_an_unknown_one_is_refused(env):
    env.reset(seed=1, options={"task": "grasp_red"})
    assert env.step(above(env, "red"))[1] == 1.0
    with pytest.raises(UnknownTask, match="Did you mean"):
        env.reset(options={"task": "grasp_rad"})
