# SPDX-License-Identifier: Apache-2.0
"""A policy on disk: a folder of ``model.safetensors`` and ``card.json``, and the object that acts with it."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as encoded

from unified_agent.device import torch_device
from unified_agent.documents import json_of, mapping, read_text
from unified_agent.errors import UserError
from unified_agent.folders import write_whole
from unified_agent.model_files import check_folder, refuse_larger, refuse_strange_numbers, weights_in
from unified_agent.paths import expanded, models
from unified_agent.policy.network import NetworkConfig, PolicyNetwork
from unified_agent.state import Action, State

WEIGHTS, CARD = "model.safetensors", "card.json"


class Policy:
    """The network with its card, ready to act.

    Attributes:
        network: the transformer.
        card: what it was trained on, by which command, its success rates.
        temperature: spread of the sampled actions; 0 always takes the likeliest.
    """

    def __init__(self, network: PolicyNetwork, card: dict, temperature: float = 0.5):
        if temperature < 0:
            raise UserError(f"The temperature must be 0 or more, not {temperature}.")
        self.network = network.eval()
        self.card = card
        self.temperature = temperature

    @classmethod
    def load(cls, spec: str = "default", device: str = "auto", temperature: float = 0.5) -> "Policy":
        """The policy of a checkpoint folder; "default" is the one that ships.

        Raises:
            UserError: where the folder, a file in it or the device is missing or broken.
        """
        folder = models() / "policy" if spec == "default" else expanded(spec)
        if not _holds(folder):
            raise UserError(
                f"No policy in '{folder}': expected {WEIGHTS} and {CARD}, as 'unified-agent train-policy --out FOLDER' "
                "writes them. 'default' is the policy that ships."
            )
        try:
            check_folder(folder)
            card = mapping(json_of(read_text(folder / CARD), str(folder / CARD)), str(folder / CARD))
            config = NetworkConfig.from_json(mapping(card.get("network"), f"{folder / CARD}, network"))
            stored = weights_in(folder / WEIGHTS)
            with torch.device("meta"):
                described = PolicyNetwork(config)
            refuse_larger(sum(p.numel() for p in described.parameters()), stored, folder / CARD)
            network = PolicyNetwork(config)
            network.load_state_dict(load_file(folder / WEIGHTS))
            refuse_strange_numbers(network.state_dict().items(), folder / WEIGHTS)
        except Exception as error:  # torch and safetensors raise many kinds for a damaged file
            raise UserError(
                f"The policy in '{folder}' cannot be read ({error}): train it again or get it anew."
            ) from None
        return cls(network.to(torch_device(device)), card, temperature)

    def save(self, folder: Path) -> None:
        """Write the checkpoint; each file is whole or absent.

        Raises:
            UserError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: tensor.cpu().contiguous() for name, tensor in self.network.state_dict().items()}
        write_whole(folder / WEIGHTS, encoded(weights))
        card = json.dumps({**self.card, "network": self.network.config.to_json()}, indent=2)
        write_whole(folder / CARD, card + "\n")

    def act(self, state: State, sentence: str, rng: np.random.Generator) -> Action:
        """Where to pick or place now, shape (2,), metres in ``base_link``."""
        return self.act_batch([state], [sentence], [rng])[0]

    def act_batch(
        self, states: Sequence[State], sentences: Sequence[str], rngs: Sequence[np.random.Generator]
    ) -> np.ndarray:
        """One action a state, shape (N, 2), each drawn with its own generator: none depends on the others."""
        return self.network.sample(states, sentences, rngs, self.temperature)


def _holds(folder: Path) -> bool:
    try:
        return (folder / WEIGHTS).is_file() and (folder / CARD).is_file()
    except (OSError, ValueError):  # too long a name, or a NUL in it
        return False
