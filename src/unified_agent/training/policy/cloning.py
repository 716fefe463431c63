# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning: the policy network learns the actions of a data set by maximum likelihood."""

import math
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.policy.network import PolicyNetwork

RARE = 20.0
"""A situation (a sentence, and what is held) met fewer times than this is drawn less often than the others: what
was seen once may have been seen wrongly."""


@dataclass
class Demonstrations:
    """N demonstrations.

    Attributes:
        objects: (N, O, 3) positions, metres in ``base_link``, in the network's order of objects.
        tool: (N, 3) metres in ``base_link``.
        holding: (N,) bool.
        sentences: (N,) the sub-goal's sentence.
        actions: (N, 2) metres in ``base_link``.
    """

    objects: np.ndarray
    tool: np.ndarray
    holding: np.ndarray
    sentences: np.ndarray
    actions: np.ndarray

    def __len__(self) -> int:
        return len(self.actions)

    @classmethod
    def concatenate(cls, parts: list["Demonstrations"]) -> "Demonstrations":
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def newest(self, count: int) -> "Demonstrations":
        """The last ``count`` demonstrations, or all where there are fewer."""
        return Demonstrations(*(getattr(self, field.name)[-count:] for field in fields(self)))

    def of(self, sentences: Collection[str]) -> "Demonstrations":
        """Those of these sentences."""
        rows = np.isin(self.sentences, list(sentences))
        return Demonstrations(*(getattr(self, field.name)[rows] for field in fields(self)))

    def save(self, path: Path) -> None:
        """Write an ``.npz``; the file is whole or absent."""
        partial = path.with_suffix(".partial.npz")
        np.savez_compressed(partial, **{field.name: getattr(self, field.name) for field in fields(self)})
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Demonstrations":
        with np.load(path, allow_pickle=False) as arrays:
            return cls(*(arrays[field.name] for field in fields(cls)))


@dataclass(frozen=True)
class CloningSettings:
    """How to clone.

    Attributes:
        steps: gradient steps.
        batch: demonstrations a step, drawn with the same weight for every sentence and, within it, for what is held.
        learning_rate: peak of a cosine schedule.
        position_noise: standard deviation added to every position, metres (a real camera's error).
        seed: of the batches and the noise.
    """

    steps: int = 6000
    batch: int = 256
    learning_rate: float = 1e-3
    position_noise: float = 0.003
    seed: int = 0


class DemonstrationBatches:
    """Batches of demonstrations for a network, balanced over sentences and, within each, over what is held.

    Args:
        data: at least one demonstration.
        network: that will learn them.
        position_noise: standard deviation added to every position, metres.
        shift: move the whole scene by up to this along x and along y, metres, and mirror every other one about the
            middle of the basket: wherever things lie, what to do with them is the same.

    Raises:
        UserError: there is no demonstration.
    """

    def __init__(self, data: Demonstrations, network: PolicyNetwork, position_noise: float, shift: float = 0.0) -> None:
        if not len(data):
            raise UserError("There is nothing to clone: the data set holds no demonstration.")
        self._objects, self._tool, self._actions = (
            torch.as_tensor(a, dtype=torch.float32) for a in (data.objects, data.tool, data.actions)
        )
        self._holding = torch.as_tensor(data.holding).long()
        kinds, kind = np.unique(data.sentences, return_inverse=True)
        self._words, self._kind = network.tokenize(list(kinds)), torch.as_tensor(kind)
        situation = self._kind * (self._objects.shape[1] + 1) + _held(self._objects, self._tool, self._holding)
        self._weights = (1.0 / (torch.bincount(situation).float() + RARE))[situation]
        self._noise, self._device = position_noise, network.centre.device
        self._shift, self._middle = shift, float(network.centre[1])

    def draw(self, count: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        """The arguments of ``PolicyNetwork.loss`` for ``count`` demonstrations, on the network's device."""
        rows = torch.multinomial(self._weights, count, replacement=True, generator=generator)
        noise = self._noise * torch.randn(count, self._objects.shape[1] + 1, 3, generator=generator)
        objects, tool, actions = self._objects[rows] + noise[:, 1:], self._tool[rows] + noise[:, 0], self._actions[rows]
        if self._shift:
            objects, tool, actions = self._elsewhere(objects, tool, actions, generator)
        batch = objects, tool, self._holding[rows], self._words[self._kind[rows]], actions
        return tuple(part.to(self._device) for part in batch)

    def _elsewhere(self, objects: torch.Tensor, tool: torch.Tensor, actions: torch.Tensor, generator: torch.Generator):
        """The same scenes in other places: moved, and half of them mirrored along y."""
        count = len(actions)
        move = torch.empty(count, 2).uniform_(-self._shift, self._shift, generator=generator)
        side = 1.0 - 2.0 * torch.randint(2, (count,), generator=generator)

        def moved(places: torch.Tensor) -> torch.Tensor:
            x = places[..., 0] + move[:, 0].view(-1, *[1] * (places.ndim - 2))
            y = (places[..., 1] - self._middle) * side.view(-1, *[1] * (places.ndim - 2)) + self._middle
            y = y + move[:, 1].view(-1, *[1] * (places.ndim - 2))
            return torch.cat([x[..., None], y[..., None], places[..., 2:]], dim=-1)

        return moved(objects), moved(tool), moved(actions)


def clone(
    network: PolicyNetwork,
    data: Demonstrations,
    settings: CloningSettings,
    state_file: Path | None = None,
) -> list[float]:
    """Train the network in place; return the loss (nats) averaged over each 100 steps.

    With a ``state_file`` the training is saved every 500 steps, and goes on from there
    when the file exists.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    batches = DemonstrationBatches(data, network, settings.position_noise)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _cosine(step, settings.steps))
    losses: list[float] = []
    start = 0
    if state_file and state_file.is_file():
        saved = torch.load(state_file, weights_only=True)
        network.load_state_dict(saved["network"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        generator.set_state(saved["generator"])
        start, losses = saved["step"], saved["losses"]
    network.train()
    window: list[float] = []
    for step in tqdm(range(start, settings.steps), initial=start, total=settings.steps, desc="clone", mininterval=2):
        loss = network.loss(*batches.draw(settings.batch, generator))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        window.append(loss.item())
        if (step + 1) % 100 == 0:
            losses.append(float(np.mean(window)))
            window.clear()
        if state_file and (step + 1) % 500 == 0:
            partial = state_file.with_suffix(".partial")
            torch.save(
                {
                    "network": network.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "generator": generator.get_state(),
                    "step": step + 1,
                    "losses": losses,
                },
                partial,
            )
            partial.replace(state_file)
    network.eval()
    return losses


def _held(objects: torch.Tensor, tool: torch.Tensor, holding: torch.Tensor) -> torch.Tensor:
    """Number of the object nearest to the tool where the gripper holds one, from 1; 0 where it does not. Shape (N,)."""
    return holding * (1 + (objects - tool[:, None]).norm(dim=-1).argmin(dim=1))


def _cosine(step: int, steps: int, warm_up: int = 100) -> float:
    return min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
