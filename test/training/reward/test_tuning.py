# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.training.reward.evidence import LabelledView
from unified_agent.training.reward.tuning import JudgedViews, Sweep, choose, cross_validated, measured
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

GOALS, BASELINES = ("a light room", "a lamp is on"), ("a room",)


def frames(count: int, size: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def views(count: int, cameras: int = 1) -> list[LabelledView]:
    pictures = [frames(count, 32 + 8 * camera, camera) for camera in range(cameras)]
    return [
        LabelledView(tuple(picture[n] for picture in pictures), n % 2, n % 4 == 0, f"{n // 5}") for n in range(count)
    ]


def rewarded(rewards: np.ndarray, truth: np.ndarray, episode: np.ndarray | None = None) -> JudgedViews:
    """Of one row of words."""
    count = len(truth)
    nothing = np.full(count, np.nan)
    episode = np.arange(count) if episode is None else episode
    return JudgedViews(rewards[:, None].astype(np.float32), truth, np.zeros(count, bool), nothing, episode, None)


def test_every_candidate_gets_what_the_reward_model_gives_it(tiny_folder):
    clip = Clip.load(str(tiny_folder), "cpu")
    sweep = Sweep(clip, GOALS, BASELINES, (0.0, 0.5, 1.0))
    found = sweep.judge(views(40))
    assert found.rewards.shape == (40, 3, 3)
    assert sweep.rows[2].sentences == GOALS
    for row, sentences in enumerate([GOALS[:1], GOALS[1:], GOALS]):
        for column, alpha in enumerate(sweep.alphas):
            alone = RewardModel(clip, Goal(sentences, BASELINES, alpha)).score(frames(40)[:, None])
            np.testing.assert_allclose(found.rewards[:, row, column], alone, atol=1e-5)


def test_cameras_of_different_sizes_are_averaged(tiny_folder):
    sweep = Sweep(Clip.load(str(tiny_folder), "cpu"), GOALS[:1], BASELINES, (0.5,))
    both = sweep.judge(views(20, cameras=2)).rewards
    alone = [
        sweep.judge([LabelledView((view.frames[camera],), 1, False, "") for view in views(20, 2)]).rewards
        for camera in (0, 1)
    ]
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=1e-5)


def test_without_a_baseline_there_is_no_alpha(tiny_folder):
    assert Sweep(Clip.load(str(tiny_folder), "cpu"), GOALS).alphas == (0.0,)


def test_of_candidates_that_tell_success_alike_the_one_with_the_least_distance_is_taken():
    truth = np.array([0] * 20 + [1] * 20)
    steps, ramp, noise = truth + 0.0, np.linspace(0, 1, 40) ** 4, np.random.default_rng(0).uniform(size=40)
    found = rewarded(np.stack([noise, ramp, steps + 1e-3 * noise], axis=1), truth)
    assert choose(measured(found), *found.counts) == (0, 2)


def test_a_candidate_that_tells_success_worse_is_not_taken_for_its_distance():
    figures = {name: np.array([[np.nan, np.nan]]) for name in ("near_auc", "voc", "rho")}
    figures |= {"auc": np.array([[0.7, 0.99]]), "epic": np.array([[0.1, 0.5]])}
    assert choose(figures, 100, 100, 0) == (0, 1)


def test_one_kind_of_view_alone_tells_nothing_apart():
    found = rewarded(np.zeros((5, 1)), np.ones(5, int))
    with pytest.raises(UserError, match="5 views show success and 0 do not"):
        choose(measured(found), *found.counts)


def test_chance_is_not_mistaken_for_success_on_views_that_were_held_out():
    """Of 60 candidates that are all chance, the best looks better than chance on the views it was chosen by."""
    rng = np.random.default_rng(0)
    found = rewarded(rng.uniform(size=(60, 60)), rng.permutation(np.arange(60) % 2))
    row, alpha = choose(measured(found), *found.counts)
    assert measured(found)["auc"][row, alpha] > 0.6
    assert abs(cross_validated(found)["auc"] - 0.5) < 0.12


def test_views_of_one_episode_are_never_on_both_sides():
    truth = np.array([0, 1] * 10)
    one_episode = rewarded(truth[:, None] + 0.0, truth, np.zeros(20, int))
    assert cross_validated(one_episode) == {}


def test_the_order_of_values_is_measured_in_episodes_that_end_in_success():
    truth = np.array([0, 0, -1, 1, 0, 0, 0, 0])
    rewards = np.array([1.0, 2, 3, 4, 4, 3, 2, 1])
    found = rewarded(rewards[:, None], truth, np.repeat([0, 1], 4))
    assert [list(views) for views in found.successes] == [[0, 1, 2, 3]]
    assert measured(found)["voc"][0, 0] == pytest.approx(1.0)
