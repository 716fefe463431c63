# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.bench.humanoid import humanoid_profile, similarity


def test_lean_pictures_are_drawn_faster_and_look_alike(tmp_path):
    found = humanoid_profile(size=64, rounds=1, picture=tmp_path / "pictures.png")
    assert found["lean_per_cs"] > 2 * found["default_per_cs"]
    assert found["ratio"] == pytest.approx(found["lean_per_cs"] / found["default_per_cs"])
    assert found["ssim"] > 0.9
    assert (tmp_path / "pictures.png").stat().st_size > 1000


def test_a_picture_is_similar_to_itself_and_not_to_noise():
    rng = np.random.default_rng(0)
    picture = np.outer(np.arange(64.0), np.ones(64)) * 3
    assert similarity(picture, picture) == pytest.approx(1.0)
    assert similarity(picture, rng.uniform(0, 255, (64, 64))) < 0.2
