# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.training.eyes.collection import Split
from unified_agent.training.eyes.domains import load, moments
from unified_agent.training.eyes.domains.moments import collect, drawn, identity, joined


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(moments, "MOMENTS_A_SHARD", 5)


def test_collecting_goes_on_with_the_same_moments(tmp_path):
    whole = collect(tmp_path / "whole", Split.TRAIN, 10, load("sticks"))
    collect(tmp_path / "cut", Split.TRAIN, 5, load("sticks"))
    resumed = collect(tmp_path / "cut", Split.TRAIN, 10, load("sticks"))
    np.testing.assert_array_equal(resumed.frames(np.arange(10)), whole.frames(np.arange(10)))
    np.testing.assert_array_equal(resumed.shards[1].states, whole.shards[1].states)


def test_every_second_shard_and_a_plain_collection_show_the_world_as_it_is(tmp_path):
    styled = collect(tmp_path, Split.TRAIN, 10, load("mountain_car"))
    plain = collect(tmp_path, Split.TRAIN, 5, load("mountain_car"), randomise=False)
    assert (plain.frames(np.arange(5))[:, 0, 40, 40] == 255).all()
    assert (styled.frames(np.arange(5, 10))[:, 0, 40, 40] == 255).all()
    assert not (styled.frames(np.arange(5))[:, 0, 40, 40] == 255).all()


def test_in_a_joined_set_the_captions_of_the_other_world_are_false(tmp_path):
    parts = [collect(tmp_path, Split.TRAIN, 5, load(name)) for name in ("sticks", "hills")]
    both = joined(parts)
    assert both.truth.shape == (10, 5 + 7)
    np.testing.assert_array_equal(both.truth[5:, 5:], parts[1].truth)
    assert not both.truth[5:, :5].any()
    assert not both.truth[:5, 5:].any()


def test_other_pictures_are_another_identity():
    domain = load("sticks")
    whole = identity(domain)
    assert identity(load("sticks")) == whole != identity(domain, randomise=False)
    domain.palette = ((255, 255, 255), (0, 0, 0), (0, 200, 0), (40, 90, 220))
    assert identity(domain) != whole


def test_the_splits_share_no_state():
    states = [drawn(load("hills"), np.random.default_rng((split, 0)), 20, False).states for split in Split]
    assert len(np.unique(np.concatenate(states), axis=0)) == 60
