# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.experiments import Conditions
from unified_agent.experiments.reward_scaling import ALPHAS, GOALS, draw, made_with, measured, tell
from unified_agent.training.eyes.domains import load
from unified_agent.training.reward.measures import epic
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel


@pytest.mark.parametrize("name", GOALS)
def test_every_goal_and_its_baseline_are_captions_of_the_domain(name):
    sentences = {caption.sentence for caption in load(name).captions}
    assert {*GOALS[name].sentences, *GOALS[name].baselines} <= sentences


@pytest.fixture
def found(tiny_folder):
    clip = Clip.load(str(tiny_folder), "cpu")
    rng = np.random.default_rng(0)
    views, labels = rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8), np.arange(12) % 2.0
    return clip, views, labels, measured(clip, GOALS["mountain_car"], views, labels)


def test_each_alpha_is_measured_as_if_it_were_the_only_one(found):
    clip, views, labels, row = found
    goal = GOALS["mountain_car"]
    for number in (0, 5, 10):
        model = RewardModel(clip, Goal(goal.sentences, goal.baselines, ALPHAS[number]))
        assert row["epic"][number] == pytest.approx(epic(model.score(views[:, None]), labels), abs=1e-4)


def test_a_distance_lies_in_its_interval(found):
    row = found[3]
    low, high = row["epic_interval"]
    assert 0 <= low <= row["epic"][0] <= high <= 1


def test_the_table_and_the_picture_show_every_model(found, tmp_path):
    row = {**found[3], "model": "tiny", "seed": 0}
    result = {
        "goal": "a car",
        "positive": 6,
        "states": 12,
        "alphas": ALPHAS.tolist(),
        "rows": [row],
        "lacking": {"ViT-Z": "nowhere to be had"},
    }
    assert "| tiny |" in tell(result)
    assert "Left out: ViT-Z: nowhere to be had" in tell(result)
    draw(result, tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").stat().st_size > 1000


def test_an_unknown_domain_is_told_with_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'mountain_car'"):
        made_with(Conditions(options={"domain": "mountaincar", "models": []}))
