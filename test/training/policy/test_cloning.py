# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.policy.network import NetworkConfig, PolicyNetwork
from unified_agent.training.policy.cloning import CloningSettings, DemonstrationBatches, Demonstrations, clone

CONFIG = NetworkConfig(words=("grasp", "red"), objects=("red",), centre=(0.5, 0.0, 0.0), width=16, heads=2, layers=1)


def demonstrations(count=256):
    rng = np.random.default_rng(0)
    objects = rng.uniform([0.4, -0.1, 0.02], [0.6, 0.1, 0.02], (count, 1, 3))
    tool = np.tile([0.5, 0.0, 0.2], (count, 1))
    return Demonstrations(objects, tool, np.zeros(count, bool), np.full(count, "grasp red"), objects[:, 0, :2])


def network():
    torch.manual_seed(0)
    return PolicyNetwork(CONFIG)


def test_cloning_lowers_the_loss():
    losses = clone(network(), demonstrations(), CloningSettings(steps=300, batch=32))
    assert losses[-1] < losses[0] - 0.5


def test_an_interrupted_cloning_ends_where_an_unbroken_one_ends(tmp_path, monkeypatch):
    settings = CloningSettings(steps=600, batch=8)
    unbroken = network()
    clone(unbroken, demonstrations(), settings)

    broken = network()
    steps = 0

    def fail_late(*args, **kwargs):
        nonlocal steps
        steps += 1
        if steps > 550:
            raise KeyboardInterrupt
        return PolicyNetwork.loss(broken, *args, **kwargs)

    monkeypatch.setattr(broken, "loss", fail_late)
    with OwnFolder.claim(tmp_path / "run", "policy training", {}) as folder:
        with pytest.raises(KeyboardInterrupt):
            clone(broken, demonstrations(), settings, folder)
        resumed = network()
        clone(resumed, demonstrations(), settings, folder)
    for mine, theirs in zip(resumed.parameters(), unbroken.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_a_data_set_comes_back_from_disk_as_it_was(tmp_path):
    data = demonstrations(8)
    data.save(tmp_path / "data.npz")
    again = Demonstrations.load(tmp_path / "data.npz")
    assert np.array_equal(again.sentences, data.sentences)
    assert np.array_equal(again.objects, data.objects)


def test_a_training_shorter_than_a_hundred_steps_has_a_loss_too():
    assert len(clone(network(), demonstrations(), CloningSettings(steps=3, batch=8))) == 1


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_demonstrations_that_are_broken_are_told(tmp_path, damage):
    path = tmp_path / "data.npz"
    demonstrations(8).save(path)
    path.write_bytes(path.read_bytes()[:300] if damage is None else damage)
    with pytest.raises(UserError, match="cannot be read"):
        Demonstrations.load(path)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch": -1}, {"learning_rate": float("nan")}, {"seed": -1}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UserError):
        CloningSettings(**wrong)


def test_nothing_to_clone_is_said():
    with pytest.raises(UserError, match="holds no demonstration"):
        clone(network(), demonstrations(0), CloningSettings(steps=1))


def test_a_scene_elsewhere_is_the_same_scene():
    batches = DemonstrationBatches(demonstrations(), network(), position_noise=0.0, shift=0.05)
    objects, tool, _, _, actions = batches.draw(64, torch.Generator().manual_seed(0))
    torch.testing.assert_close(actions, objects[:, 0, :2])
    tool_y = tool[:, 1]
    assert tool_y.std() > 0.01 and tool_y.abs().max() <= 0.05 + 1e-6
    torch.testing.assert_close(tool[:, 2], torch.full((64,), 0.2))
