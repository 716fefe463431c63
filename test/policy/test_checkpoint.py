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


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("width", 10**9, "'width' is a whole number from 1 to 4096"),
        ("width", 15, "multiple"),
        ("layers", 0, "'layers'"),
        ("heads", "2", "'heads'"),
        ("max_words", True, "'max_words'"),
        ("words", "red", None),
        ("words", [["red"]], "'words'"),
        ("objects", ["blue"], "must be among the words"),
        ("centre", [0, 0], "'centre' is 3 finite numbers"),
        ("centre", [0, 0, float("nan")], "'centre' is 3 finite numbers"),
        ("scale", 0, "'scale' must be above 0"),
        ("width", 4096, "do not belong together"),
    ],
)
def test_a_description_out_of_range_is_told_before_anything_is_built(folder, key, value, why):
    card = json.loads((folder / "card.json").read_text())
    card["network"][key] = value
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(UserError, match=why):
        Policy.load(str(folder), device="cpu")


@pytest.mark.parametrize("card", ["[]", "{", '{"network": 3}', '{"network": {"words": 3}}', "\xff"])
def test_what_is_no_card_is_refused(folder, card):
    (folder / "card.json").write_bytes(card.encode("latin-1"))
    with pytest.raises(UserError, match="cannot be read"):
        Policy.load(str(folder), device="cpu")


def test_weights_that_are_no_numbers_are_refused(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["norm.bias"] = weights["norm.bias"] * float("nan")
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(UserError, match="no finite number .in 'norm.bias'"):
        Policy.load(str(folder), device="cpu")


def test_code_beside_a_policy_is_refused_and_not_run(folder):
    (folder / "policy.py").write_text(f"open({str(folder / 'code_was_run')!r}, 'w')")
    with pytest.raises(UserError, match=r"policy\.py is code beside weights"):
        Policy.load(str(folder), device="cpu")
    assert not (folder / "code_was_run").exists()
