# SPDX-License-Identifier: Apache-2.0
"""Domains without some of their captions and states, and the proof that a training set holds none of them."""

import re
from collections.abc import Callable, Iterable

import numpy as np

from unified_agent.training.eyes.domains import CaptionedDomain
from unified_agent.training.eyes.frames import LabelledMoments

Region = Callable[[np.ndarray], np.ndarray]
"""States, shape (N, S) -> whether each lies in it, bool, shape (N,)."""


class Withheld:
    """A domain of which something is never shown or said.

    Args:
        domain: the whole one.
        sentences: captions that are left out, with all their paraphrases.
        region: states that are left out; None: none.
    """

    def __init__(self, domain: CaptionedDomain, sentences: Iterable[str], region: Region | None = None) -> None:
        self._domain, self._region, self.name = domain, region, domain.name
        left_out = set(sentences)
        self._kept = [i for i, caption in enumerate(domain.captions) if caption.sentence not in left_out]
        self.captions = tuple(domain.captions[i] for i in self._kept)
        self.palette = domain.palette

    def states(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """As the domain draws them, those of the region drawn again."""
        states = self._domain.states(rng, count)
        while self._region is not None and (again := self._region(states)).any():
            states[again] = self._domain.states(rng, int(again.sum()))
        return states

    def render(self, state: np.ndarray) -> np.ndarray:
        """The domain's picture."""
        return self._domain.render(state)

    def truth(self, states: np.ndarray) -> np.ndarray:
        """Of the captions that are left."""
        return self._domain.truth(states)[:, self._kept]


def leaks(
    moments: LabelledMoments, said: Iterable[str], withheld: Iterable[str], regions: dict[str, Region]
) -> list[str]:
    """What of the withheld is in a training set after all; empty where nothing is.

    It looks at what was trained on, whichever way it was made: at the sentences and the stored states themselves.

    Args:
        moments: trained on, with their states.
        said: every sentence trained on, paraphrases among them.
        withheld: sentences, paraphrases among them, that must be in none of those, be it with more around them.
        regions: name of a domain, as the moments' ``scenes`` give it -> the states of it that must not be among them.
    """
    forbidden = {_words(sentence) for sentence in withheld}
    found = [
        f"'{sentence}' says '{other.strip()}'"
        for sentence in dict.fromkeys(said)
        for other in sorted(forbidden)
        if other in _words(sentence)
    ]
    for shard in moments.shards:
        for scene in np.unique(shard.scenes).tolist():
            if scene not in regions:
                continue
            if shard.states is None:
                found.append(f"the states of '{scene}' were not kept: nobody can tell")
                continue
            inside = int(regions[scene](shard.states[shard.scenes == scene]).sum())
            found += [f"{inside} states of '{scene}' that were to be withheld"] if inside else []
    return found


def _words(sentence: str) -> str:
    """With a space on either side of each, and nothing else."""
    return " ".join(["", *re.findall(r"\w+", sentence.casefold()), ""])
