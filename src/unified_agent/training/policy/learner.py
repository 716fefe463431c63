# SPDX-License-Identifier: Apache-2.0
"""The learner: clones the newest successes, and hands its weights to all collectors."""

import math
from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from tqdm import tqdm

from unified_agent.language.subgoals import OBJECTS, SENTENCES
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.network import NetworkConfig, PolicyNetwork, split_words
from unified_agent.robot.arm import Arm
from unified_agent.state import OBJECT_SIZE
from unified_agent.training.policy.cloning import DemonstrationBatches, Demonstrations

POSITION_NOISE = 0.003
SHIFT = 0.05
"""How far a scene is moved before it is learnt from, metres: self-made experience is scarce."""
GRADIENT_LIMIT = 1.0


def describe(arm: Arm, sentences: Sequence[str] = ()) -> NetworkConfig:
    """The network for an arm's basket, the words of the vocabulary and those of other sentences."""
    x_min, x_max, y_min, y_max = arm.basket
    said = [*SENTENCES, *sentences]
    words = sorted({word for sentence in said for word in split_words(sentence)})
    centre = ((x_min + x_max) / 2, (y_min + y_max) / 2, OBJECT_SIZE / 2)
    return NetworkConfig(words=tuple(words), objects=OBJECTS, centre=centre)


class Learner:
    """A policy network with its optimiser (AdamW) and the successes it learns from.

    Args:
        arm: whose basket it acts in.
        sentences: that it must be able to read, beside the vocabulary.
        learning_rate: of AdamW.
        keep: how many of the newest demonstrations are learnt from.
        seed: of the weights and the batches.

    Attributes:
        network: the transformer.
        successes: how many demonstrations have come so far.
    """

    def __init__(self, arm: Arm, sentences: Sequence[str], learning_rate: float, keep: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.network = PolicyNetwork(describe(arm, sentences))
        self.successes = 0
        self._optimiser = torch.optim.AdamW(self.network.parameters(), lr=learning_rate, weight_decay=1e-4)
        self._generator = torch.Generator().manual_seed(seed)
        self._keep, self._learning_rate = keep, learning_rate
        self._data: Demonstrations | None = None

    def add(self, data: Demonstrations) -> None:
        """Take successes, newest last; the oldest make room."""
        if not len(data):
            return
        self.successes += len(data)
        together = data if self._data is None else Demonstrations.concatenate([self._data, data])
        self._data = together.newest(self._keep)

    def counts(self) -> dict[str, int]:
        """Sentence -> how many demonstrations of it are learnt from."""
        if self._data is None:
            return {}
        sentences, numbers = np.unique(self._data.sentences, return_counts=True)
        return dict(zip(map(str, sentences), map(int, numbers), strict=True))

    def update(
        self, steps: int, batch: int, anneal: bool = False, first: int = 0, total: int | None = None
    ) -> float | None:
        """So many gradient steps; the mean loss in nats, or None while there is no success to learn from.

        Args:
            steps: how many.
            batch: demonstrations a step.
            anneal: let the learning rate fall to nothing, along a cosine; such a long fit shows its progress, where
                it is done in one call.
            first: with ``anneal``: steps of the fit that were done in calls before.
            total: with ``anneal``: steps of the whole fit; None: these are all.
        """
        if self._data is None or not steps:
            return None
        batches = DemonstrationBatches(self._data, self.network, POSITION_NOISE, SHIFT)
        self.network.train()
        losses = []
        for step in tqdm(
            range(steps), desc="last fit", unit="update", mininterval=1, disable=not anneal or total is not None
        ):
            share = 0.5 * (1 + math.cos(math.pi * (first + step) / (total or steps))) if anneal else 1.0
            for group in self._optimiser.param_groups:
                group["lr"] = share * self._learning_rate
            loss = self.network.loss(*batches.draw(batch, self._generator))
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_LIMIT)
            self._optimiser.step()
            losses.append(loss.item())
        self.network.eval()
        return float(np.mean(losses))

    def policy(self, temperature: float = 0.5) -> Policy:
        """The network as it is now, ready to act."""
        return Policy(self.network, {}, temperature)

    def state(self) -> dict:
        """A copy of all that is needed to go on later: tensors, numbers and texts."""
        return deepcopy(
            {
                "network": self.network.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "generator": self._generator.get_state(),
                "successes": self.successes,
                "data": None if self._data is None else self._data.to_tensors(),
            }
        )

    def restore(self, state: dict) -> None:
        """Go on from ``state()``."""
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._generator.set_state(state["generator"])
        self.successes = state["successes"]
        self._data = None if state["data"] is None else Demonstrations.of_tensors(state["data"])
