# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.training.reward.environments import EnvSettings, TimedEnv


def made(name: str, **settings) -> TimedEnv:
    return TimedEnv(EnvSettings(f"odd_environments:Odd/{name}-v0" if "-v" not in name else name, **settings))


def test_a_pole_that_fell_ends_nothing_while_learning():
    env = made("CartPole-v1")
    env.reset(0)
    steps = [env.step(1) for _ in range(60)]
    assert steps[-1].terminated and not any(step.over for step in steps)
    assert not np.array_equal(steps[-1].observation, steps[-2].observation)
    assert env.facts.episode == 500


def test_by_its_own_rules_an_episode_ends():
    env = made("CartPole-v1")
    env.reset(0, own_rules=True)
    steps = [env.step(1) for _ in range(12)]
    assert next(number for number, step in enumerate(steps) if step.over) < 11


def test_its_own_time_limit_ends_an_episode_by_its_own_rules():
    env = made("Line")
    env.reset(0, own_rules=True)
    assert [env.step(0).over for _ in range(20)] == [False] * 19 + [True]


def test_success_is_counted_anew_in_every_episode():
    env = made("MountainCarContinuous-v0", repeat=16)
    env.reset(0)
    while not (step := env.step(np.sign(env._observation[1:]))).terminated:
        pass
    assert step.observation[0] >= 0.45
    env.reset(1)
    assert not any(env.step(np.zeros(1)).terminated for _ in range(20))


def test_a_decision_is_held():
    env = made("Line", repeat=4)
    env.reset(0)
    begin = env.step(0)
    assert begin.steps == 4 and env.facts.episode == 5
    after = env.step(1)
    assert after.observation[0] == pytest.approx(min(begin.observation[0] + 0.4, 1.0), abs=1e-6)


def test_vectors_are_brought_from_one_to_the_bounds_of_the_actions():
    env = made("Vectors")
    before = env.reset(3)[0]
    assert env.step(np.array([0.5])).observation[0] == pytest.approx(before + 0.25)


def test_observations_of_several_parts_come_as_one_vector():
    env = made("Told")
    assert env.reset(0).shape == (3,) and env.facts.low.tolist() == [-2.0, 0.0, 0.0]


def test_one_that_cannot_go_on_after_its_end_stands_still():
    env = made("Ends")
    env.reset(0)
    steps = [env.step(1) for _ in range(20)]
    last = steps[-1]
    assert last.held and last.terminated and last.observation[0] == pytest.approx(0.9, abs=0.1) and last.reward == 0


def test_views_side_by_side_are_taken_apart():
    env = made("Line", cameras=2)
    env.reset(0)
    assert env.picture().shape == (2, 32, 16, 3)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("CartPol-v1", {}, "Did you mean 'CartPole-v1'"),
        ("no_such_module:CartPole-v1", {}, "cannot be made: No module named 'no_such_module'"),
        ("Unseen", {}, "render modes are ['ansi']"),
        ("Endless", {}, "--episode"),
        ("Pairs", {}, "expected a Discrete space or a Box with bounds"),
        ("Blind", {}, "no finite number"),
        ("Float", {}, "float64 of shape (32, 32, 3): expected RGB of bytes"),
        ("Line", {"cameras": 3}, "cannot show 3 views"),
        ("Line", {"repeat": 0}, "'repeat' must be 1"),
    ],
)
def test_what_cannot_be_learnt_in_is_said(name, settings, said):
    with pytest.raises(UserError) as told:
        begin(name, settings)
    assert said in str(told.value)


def begin(name: str, settings: dict) -> None:
    env = made(name, **settings)
    env.reset(0)
    env.picture()
