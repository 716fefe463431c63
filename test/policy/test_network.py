# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from unified_agent.errors import UserError
from unified_agent.policy.network import NetworkConfig, PolicyNetwork, UnknownWord
from unified_agent.state import State

CONFIG = NetworkConfig(
    words=("grasp", "the", "red", "blue"), objects=("red", "blue"), centre=(0.5, 0.0, 0.0), width=16, heads=2
)
STATE = State({"red": np.array([0.5, 0.1, 0.02]), "blue": np.array([0.6, 0.0, 0.02])}, np.array([0.5, 0, 0.2]), False)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return PolicyNetwork(CONFIG).eval()


def test_the_same_generator_gives_the_same_action(network):
    first, second = (network.sample([STATE], ["grasp the red"], [np.random.default_rng(3)], 1.0) for _ in range(2))
    assert first.shape == (1, 2)
    assert np.array_equal(first, second)


def test_an_action_does_not_depend_on_what_else_is_in_the_batch(network):
    sentences = ["grasp the red", "grasp blue"]

    def acted(count):
        rngs = [np.random.default_rng(seed) for seed in range(count)]
        return network.sample([STATE] * count, sentences[:count], rngs, 0.5)

    assert np.array_equal(acted(1)[0], acted(2)[0])


def test_an_unknown_word_names_the_nearest(network):
    with pytest.raises(UnknownWord, match="'read'.*Did you mean 'red'"):
        network.tokenize(["grasp the read"])


def test_a_sentence_that_is_too_long_is_refused(network):
    with pytest.raises(UserError, match="17 words"):
        network.tokenize(["the " * 17])


def test_a_state_that_is_not_finite_is_refused(network):
    broken = State({**STATE.objects, "red": np.array([np.nan, 0, 0])}, STATE.tool, False)
    with pytest.raises(UserError, match="not finite"):
        network.sample([broken], ["grasp the red"], [np.random.default_rng(0)], 0.5)


def test_a_missing_object_is_named(network):
    with pytest.raises(UserError, match="needs the objects"):
        network.sample(
            [State({"red": STATE.objects["red"]}, STATE.tool, False)], ["grasp"], [np.random.default_rng(0)], 0
        )


def test_the_network_learns_to_point_at_the_object_of_the_sentence(network):
    rng = np.random.default_rng(0)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    sentences = ["red", "blue"] * 32
    words = network.tokenize(sentences)

    def batch():
        objects = torch.from_numpy(rng.uniform([0.4, -0.1, 0], [0.6, 0.1, 0.03], (64, 2, 3)).astype(np.float32))
        chosen = objects[torch.arange(64), torch.arange(64) % 2, :2]
        return (
            objects,
            torch.tensor(STATE.tool, dtype=torch.float32).expand(64, 3),
            torch.zeros(64).long(),
            words,
            chosen,
        )

    for _ in range(700):
        loss = network.loss(*batch())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    objects, _, _, _, wanted = batch()
    states = [State(dict(zip(("red", "blue"), o.numpy(), strict=True)), STATE.tool, False) for o in objects]
    actions = network.eval().sample(states, sentences, [rng] * 64, 0.0)
    assert np.median(np.linalg.norm(actions - wanted.numpy(), axis=1)) < 0.02  # they are about 0.1 apart
