# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.policy.checkpoint import Policy
from unified_agent.training.policy import practice, train_policy
from unified_agent.training.policy.cloning import CloningSettings
from unified_agent.training.policy.train_policy import train


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(practice, "CHUNK", 3)
    monkeypatch.setattr(train_policy, "measure_skills", lambda *arguments, **more: {})
    monkeypatch.setattr(train_policy, "draw_losses", lambda losses, path: path.write_bytes(b""))


def trained(folder, states=3, device="cpu", **changes) -> Policy:
    return train("fr3", states, CloningSettings(**{"steps": 4, "batch": 8, **changes}), folder, device, "test")


def test_the_same_training_again_gives_the_same_policy_and_its_card_says_how_it_was_made(tmp_path):
    first, again = trained(tmp_path / "a"), trained(tmp_path / "a")
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name])
    card = Policy.load(str(tmp_path / "a")).card
    assert card["steps_done"] == card["made_with"]["steps"] == 4
    assert card["made_with"]["arm"].startswith("fr3 ") and card["version"]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"steps": 2}, "steps was 4 and is 2 now"),
        ({"steps": 8}, "steps was 4 and is 8 now"),
        ({"states": 6}, "states was 3 and is 6 now"),
        ({"seed": 1}, "seed was 0 and is 1 now"),
        ({"learning_rate": 0.1}, "learning_rate was"),
    ],
)
def test_another_training_in_the_same_folder_is_refused_with_the_difference(tmp_path, changes, difference):
    trained(tmp_path / "a")
    before = (tmp_path / "a" / "card.json").read_text()
    with pytest.raises(UserError, match=difference):
        trained(tmp_path / "a", **changes)
    assert (tmp_path / "a" / "card.json").read_text() == before


def test_a_policy_of_others_is_not_written_over(tmp_path):
    (tmp_path / "card.json").write_text("mine")
    with pytest.raises(UserError, match=r"card\.json"):
        trained(tmp_path)
    assert (tmp_path / "card.json").read_text() == "mine"


@pytest.mark.parametrize("states", [0, -1, 10**12])
def test_states_that_cannot_be_are_refused_before_anything_is_written(tmp_path, states):
    with pytest.raises(UserError, match="'states' must be"):
        trained(tmp_path / "a", states=states)
    assert not (tmp_path / "a").exists()
