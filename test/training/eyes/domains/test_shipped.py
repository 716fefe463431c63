# SPDX-License-Identifier: Apache-2.0
"""The CLIP of CartPole and MountainCar that ships."""

import json

import numpy as np
import pytest

from unified_agent import paths
from unified_agent.experiments.reward_robustness import DOMAINS, SHIFTS, shown
from unified_agent.training.eyes.domains import load
from unified_agent.training.eyes.domains.sight import sight
from unified_agent.vision.clip import SHIPPED, Clip
from unified_agent.vision.reward import Goal, RewardModel

FOLDER = paths.models() / SHIPPED["classic-control"]


@pytest.fixture(scope="module")
def clip():
    return Clip.load("classic-control", "cpu")


def test_it_is_small_and_its_card_has_a_threshold_for_every_caption():
    assert (FOLDER / "model.safetensors").stat().st_size < 10e6
    thresholds = json.loads((FOLDER / "card.json").read_text())["thresholds"]
    assert set(thresholds) == {c.sentence for name in DOMAINS for c in load(name).captions}


@pytest.mark.parametrize("name", DOMAINS)
def test_it_tells_states_that_it_was_not_trained_on(clip, name):
    found, _, _ = sight(clip, load(name), 150, 3)
    assert min(found.top1.values()) >= 0.9
    assert min(area for area in found.auc.values() if np.isfinite(area)) >= 0.98


def test_the_reward_of_the_pole_falls_as_it_leans(clip):
    domain = load("cart_pole")
    moments = np.stack([domain.render(np.array([0, 0, np.radians(a), 0])) for a in (0, 15, 35, 60, 90)])[:, None]
    rewards = RewardModel(clip, Goal(("the pole stands upright",))).score(moments)
    assert rewards[0] > rewards[1] > rewards[2:].max()


def test_a_dark_background_costs_it_little(clip):
    areas = shown(clip, load("cart_pole"), 60)
    assert set(areas) == {"plain", *SHIFTS}
    assert areas["plain"] - areas["dark"] <= 0.05
