# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
from PIL import Image

from unified_agent.experiments import Conditions, reward_tabletop, statistics
from unified_agent.experiments.reward_tabletop import FRESH, _reward, _staged
from unified_agent.experiments.tabletop_episodes import ACTIONS, FAILURES, film
from unified_agent.sim.env import StackObjects
from unified_agent.training.eyes.collection import Split


@pytest.fixture(scope="module")
def env():
    env = StackObjects("stack_red_on_blue", randomise=True, camera_size=(32, 32))
    yield env
    env.close()


@pytest.mark.parametrize("kind", ACTIONS)
def test_an_episode_comes_out_as_it_was_to(env, kind):
    tried = (film(env, kind, seed) for seed in range(10))
    moments = next(moments for moments in tried if moments is not None)
    assert env.task.success(env.world) == (kind == "success")
    assert moments.shape[1:] == (2, 32, 32, 3)
    assert len(moments) > 40


def test_the_views_share_no_seed_with_those_that_clip_learnt_from():
    assert FRESH not in set(Split)


def test_stages_rise_latch_and_fall_only_in_the_last_one():
    """Of nine sentences the first is grasped, the fifth stacked; thresholds .8 and .8."""
    grasped = [0.2, 0.5, 0.9, 0.9, 0.9, 0.3, 0.2, 0.2, 0.2]
    stacked = [0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 0.9, 0.9, 0.2]
    cosines = np.zeros((9, 1, len(reward_tabletop._ROWS), 2), np.float32)
    names = [goal.sentences[0] for goal in reward_tabletop._ROWS]
    for name, values in zip(reward_tabletop.STAGES, (grasped, stacked), strict=True):
        cosines[:, 0, names.index(name), 0] = values
    staged = _staged(cosines, np.array([0.8, 0.8]))
    np.testing.assert_allclose(staged, [0, 0.25, 0.5, 0.5, 0.5, 0.75, 1.0, 1.0, 0.5], atol=1e-6)


def test_the_whole_of_it_measures_words_on_views_and_episodes(tiny_folder, monkeypatch):
    monkeypatch.setattr(reward_tabletop, "QUICK_VIEWS", 40)
    monkeypatch.setattr(reward_tabletop, "QUICK_EPISODES", len(FAILURES))
    monkeypatch.setattr(statistics, "DRAWS", 20)
    monkeypatch.setattr(reward_tabletop, "film", lambda env, kind, seed: pictures(kind, seed))
    conditions = Conditions(quick=True, clip=str(tiny_folder))
    result = reward_tabletop.run(tiny_folder / "work", conditions)
    assert len(result["sentences"]) == 9
    assert set(result["episodes"][0]["ranked_by_kind"]) == set(FAILURES)
    assert "failed below successful" in reward_tabletop.tell(result)
    reward_tabletop.draw(result, tiny_folder / "figure.png")
    assert Image.open(tiny_folder / "figure.png").width > 500
    seen = (tiny_folder / "work" / "reward_tabletop.jsonl").read_text()
    assert json.dumps(reward_tabletop.run(tiny_folder / "work", conditions)) == json.dumps(result)
    assert (tiny_folder / "work" / "reward_tabletop.jsonl").read_text() == seen


def pictures(kind: str, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (30, 2, 32, 32, 3), dtype=np.uint8)


def test_the_reward_is_the_mean_of_the_cameras():
    cosines = np.array([[[0.2, 0.1], [0.4, 0.1]]], np.float32)
    assert _reward(cosines, 0.0, 0.0) == pytest.approx([0.3])
