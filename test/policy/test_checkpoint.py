# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.network import NetworkConfig, PolicyNetwork
from unified_agent.state import State

CONFIG = NetworkConfig(words=("red",), objects=("red",), centre=(0.5, 0.0, 0.0), width=16, heads=2)
STATE = State({"red": np.array([0.5, 0.1, 0.02])}, np.array([0.5, 0.0, 0.2]), False)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    Policy(PolicyNetwork(CONFIG), {"command": "by a test"}).save(tmp_path)
    return tmp_path


def test_a_saved_policy_acts_as_before_and_keeps_its_card(folder):
    torch.manual_seed(0)
    before = Policy(PolicyNetwork(CONFIG), {})
    after = Policy.load(str(folder), device="cpu")
    actions = [policy.act(STATE, "red", np.random.default_rng(1)) for policy in (before, after)]
    assert np.allclose(*actions)
    assert after.card["command"] == "by a test"


def test_a_missing_folder_says_which_command_makes_one(tmp_path):
    with pytest.raises(UserError, match="train-policy"):
        Policy.load(str(tmp_path / "none"))


def test_truncated_weights_are_refused(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(UserError, match="cannot be read"):
        Policy.load(str(folder), device="cpu")


def test_a_pickle_in_the_place_of_the_weights_is_refused(folder):
    torch.save({"a": torch.zeros(1)}, folder / "model.safetensors")
    with pytest.raises(UserError, match="cannot be read"):
        Policy.load(str(folder), device="cpu")


def test_a_card_of_another_network_is_refused(folder):
    card = json.loads((folder / "card.json").read_text())
    card["network"]["widht"] = 3
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(UserError, match="wrong keys"):
        Policy.load(str(folder), device="cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_absent_is_said(folder):
    with pytest.raises(UserError, match="no GPU"):
        Policy.load(str(folder), device="cuda")
