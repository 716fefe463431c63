# SPDX-License-Identifier: Apache-2.0
"""Domains: worlds that a CLIP can be taught, by sentences whose truth is known in every state."""

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from unified_agent.errors import UserError, first_line, nearest

SHIPPED = {
    "cart_pole": "unified_agent.training.eyes.domains.cart_pole:CartPole",
    "mountain_car": "unified_agent.training.eyes.domains.mountain_car:MountainCar",
    "sticks": "unified_agent.training.eyes.domains.procedural:Sticks",
    "hills": "unified_agent.training.eyes.domains.procedural:Hills",
}
"""Name -> where its class is. The tabletop, ``train-clip``'s default, draws states by letting physics go on."""


@dataclass(frozen=True)
class Caption:
    """A sentence and the other ways to say it.

    Attributes:
        sentence: what it is called by.
        kind: what it is about; of the captions of one kind at most one is true of a state.
        thing: the word of ``sentence`` that names what it is about; exchanged for another, it is true of no state.
        others: paraphrases.
    """

    sentence: str
    kind: str
    thing: str
    others: tuple[str, ...] = ()

    @property
    def wordings(self) -> tuple[str, ...]:
        """The sentence first."""
        return (self.sentence, *self.others)


class CaptionedDomain(Protocol):
    """What ``train-clip --domain`` asks of a class, which is made without arguments.

    Attributes:
        name: of a folder.
        captions: what can be said.
        palette: the colours that its pictures are drawn in, the background's first, uint8 RGB; with them training draws
            backgrounds and colours of its own. Empty for pictures of more colours than that: then it changes light and
            camera only.
    """

    name: str
    captions: tuple[Caption, ...]
    palette: tuple[tuple[int, int, int], ...]

    def states(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """States drawn so that every caption is often true, float, shape (N, S)."""

    def render(self, state: np.ndarray) -> np.ndarray:
        """Its picture, uint8 RGB, shape (H, W, 3)."""

    def truth(self, states: np.ndarray) -> np.ndarray:
        """1 true, 0 false or -1 in between, for each caption in each state: int8, shape (N, M)."""


def load(spec: str) -> CaptionedDomain:
    """The domain of a name of `SHIPPED`, or of ``MODULE:CLASS``: code of the user's own, which this imports and runs.

    Raises:
        UserError: there is none, or it lacks something.
    """
    module, _, name = SHIPPED.get(spec, spec).partition(":")
    if not name:
        raise UserError(
            f"There is no domain '{spec}'. {nearest(spec, ('tabletop', *SHIPPED))} One of your own is given as "
            "MODULE:CLASS."
        )
    try:
        domain = getattr(importlib.import_module(module), name)()
    except Exception as error:  # whatever code of the user's own raises
        raise UserError(f"The domain '{spec}' cannot be made: {first_line(error)}") from error
    lacking = [
        part for part in ("name", "captions", "palette", "states", "render", "truth") if not hasattr(domain, part)
    ]
    if lacking:
        raise UserError(f"The domain '{spec}' has no '{lacking[0]}': see CaptionedDomain in {__name__}.")
    return domain


def checked_moments(domain: CaptionedDomain, rng: np.random.Generator, count: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Each state with its picture and its truth.

    Raises:
        UserError: something has another shape or kind than `CaptionedDomain` says.
    """
    states = np.asarray(domain.states(rng, count), dtype=np.float64)
    truth = np.asarray(domain.truth(states))
    if (
        states.shape[:1] != (count,)
        or truth.shape != (count, len(domain.captions))
        or not np.isin(truth, (-1, 0, 1)).all()
    ):
        raise UserError(
            f"The domain '{domain.name}' gives states of shape {states.shape} and truth of shape {truth.shape}: "
            f"expected {count} states, and 1, 0 or -1 for each of its {len(domain.captions)} captions."
        )
    for state, holds in zip(states, truth.astype(np.int8), strict=True):
        picture = np.asarray(domain.render(state))
        if picture.ndim != 3 or picture.shape[-1] != 3 or picture.dtype != np.uint8:
            raise UserError(
                f"The domain '{domain.name}' renders {picture.dtype} of shape {picture.shape}: expected RGB as uint8, "
                "(H, W, 3)."
            )
        yield state, picture, holds


def bands(values: np.ndarray, edges: Sequence[tuple[float, float]], margin: float) -> np.ndarray:
    """Truth of "the value lies in this band", for each of the bands: -1 nearer to an edge than ``margin``.

    Args:
        values: shape (N,).
        edges: low and high of each band.

    Returns:
        int8, shape (N, number of bands).
    """
    low, high = np.array(edges).T
    depth = np.minimum(values[:, None] - low, high - values[:, None])
    return np.where(np.abs(depth) < margin, -1, depth > 0).astype(np.int8)
