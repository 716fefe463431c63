# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning: the policy network learns the actions of a data set by maximum likelihood."""

import io
import math
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from unified_agent.errors import SEEDS, UserError, in_range
from unified_agent.folders import OwnFolder, write_whole
from unified_agent.policy.network import PolicyNetwork
from unified_agent.training.runs import broken, keep_state, kept_state

_STATE = ("network", "optimiser", "schedule", "generator", "step", "losses")
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
        stream = io.BytesIO()
        np.savez_compressed(stream, **{field.name: getattr(self, field.name) for field in fields(self)})
        write_whole(path, stream.getvalue())

    @classmethod
    def load(cls, path: Path) -> "Demonstrations":
        """Read what ``save`` wrote.

        Raises:
            UserError: the file is broken.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                data = cls(*(arrays[field.name] for field in fields(cls)))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise UserError(f"The demonstrations in {path} cannot be read ({error}): delete the file.") from None
        if len({len(getattr(data, field.name)) for field in fields(cls)}) != 1:
            raise UserError(f"The demonstrations in {path} do not fit together: delete the file.")
        return data

    def to_tensors(self) -> dict:
        """As tensors and a list of the sentences, which a state of training can hold."""
        said, number = np.unique(self.sentences, return_inverse=True)
        numeric = {f.name: torch.from_numpy(getattr(self, f.name)) for f in fields(self) if f.name != "sentences"}
        return {**numeric, "said": said.tolist(), "number": torch.from_numpy(number)}

    @classmethod
    def of_tensors(cls, state: dict) -> "Demonstrations":
        """What ``to_tensors`` was given."""
        numeric = {f.name: state[f.name].numpy() for f in fields(cls) if f.name != "sentences"}
        return cls(**numeric, sentences=np.array(state["said"], dtype=str)[state["number"].numpy()])


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

    def __post_init__(self) -> None:
        in_range("steps", self.steps, 1, 10**9)
        in_range("batch", self.batch, 1, 2**20)
        in_range("learning_rate", self.learning_rate, 0.0, 1.0)
        in_range("position_noise", self.position_noise, 0.0, 1.0)
        in_range("seed", self.seed, 0, SEEDS)


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
    folder: OwnFolder | None = None,
    state_file: str = "clone.pt",
) -> list[float]:
    """Train the network in place; return the loss (nats) averaged over each 100 steps, or over all of a shorter run.

    With a ``folder`` the training is kept there every 500 steps, and at its end, and goes on from there.

    Raises:
        UserError: there is no demonstration, or what was kept is broken or cannot be written.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    batches = DemonstrationBatches(data, network, settings.position_noise)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _cosine(step, settings.steps))
    losses: list[float] = []
    start = 0
    if saved := folder and kept_state(folder, state_file, _STATE, str(network.centre.device)):
        try:
            network.load_state_dict(saved["network"])
            optimiser.load_state_dict(saved["optimiser"])
            schedule.load_state_dict(saved["schedule"])
            generator.set_state(saved["generator"].cpu())
            start, losses = int(saved["step"]), list(saved["losses"])
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise broken(folder.path / state_file, error) from None
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
        last = step + 1 == settings.steps
        if (step + 1) % 100 == 0 or (last and not losses):
            losses.append(float(np.mean(window)))
            window.clear()
        if folder and ((step + 1) % 500 == 0 or last):
            state = {
                "network": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
                "generator": generator.get_state(),
                "step": step + 1,
                "losses": losses,
            }
            keep_state(folder, state_file, state)
    network.eval()
    return losses


def _held(objects: torch.Tensor, tool: torch.Tensor, holding: torch.Tensor) -> torch.Tensor:
    """Number of the object nearest to the tool where the gripper holds one, from 1; 0 where it does not. Shape (N,)."""
    return holding * (1 + (objects - tool[:, None]).norm(dim=-1).argmin(dim=1))


def _cosine(step: int, steps: int, warm_up: int = 100) -> float:
    return min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
