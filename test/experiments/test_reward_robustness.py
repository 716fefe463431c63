# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.experiments import Conditions, reward_robustness
from unified_agent.training.eyes.domains import load, moments, syllabus


@pytest.mark.parametrize("scene", reward_robustness.SHIFTS)
def test_every_scene_looks_otherwise_and_still_shows_the_state(scene):
    _, shift = reward_robustness.SHIFTS[scene]
    for name, states in (("cart_pole", [[0, 0, 0, 0], [0, 0, 0.6, 0]]), ("mountain_car", [[0.45, 0], [-0.5, 0]])):
        domain = load(name)
        plain = [domain.render(np.array(state)) for state in states]
        one, other = (shift(picture, domain.palette) for picture in plain)
        assert one.dtype == np.uint8
        assert one.shape == plain[0].shape
        assert (np.abs(one.astype(int) - plain[0]).max(axis=2) > 20).sum() > 500
        assert (np.abs(one.astype(int) - other).max(axis=2) > 40).sum() > 300


def test_every_scene_is_shown_to_both_and_what_is_finished_is_kept(tmp_path, monkeypatch, tiny_architecture):
    monkeypatch.setattr(syllabus, "ARCHITECTURE", tiny_architecture)
    monkeypatch.setattr(moments, "MOMENTS_A_SHARD", 40)
    for name, few in (("QUICK_MOMENTS", 40), ("QUICK_TESTED", 12)):
        monkeypatch.setattr(reward_robustness, name, few)
    conditions = Conditions(seeds=1, quick=True)
    result = reward_robustness.run(tmp_path, conditions)
    assert {(row["training"], row["domain"]) for row in result["rows"]} == {
        (training, world) for training in ("plain", "classic-control") for world in ("cart_pole", "mountain_car")
    }
    monkeypatch.setattr(reward_robustness, "_taught", None)
    assert reward_robustness.run(tmp_path, conditions) == result
    assert len(reward_robustness.tell(result).splitlines()) == 2 + 4
    reward_robustness.draw(result, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
