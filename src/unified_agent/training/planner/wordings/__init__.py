# SPDX-License-Identifier: Apache-2.0
"""The generator of the planner's training data: instructions as people might word them, each with what it means."""

import random
from dataclasses import dataclass

from unified_agent.training.planner.wordings import noise, refused, requests, tongues

REFUSED, FOREIGN = 0.3, 0.1


@dataclass(frozen=True)
class Example:
    """One instruction and what is to be written for it: ``moves`` (``Plan.of_moves``), or else ``reason``."""

    instruction: str
    moves: str = ""
    reason: str = ""


def example(rng: random.Random) -> Example:
    """One example; the same state of ``rng`` gives the same example."""
    roll = rng.random()
    if roll < REFUSED:
        instruction, reason = refused.refused(rng)
        if reason in ("unknown", "impossible", "action", "unclear"):
            instruction = noise.polite(instruction, not instruction.split()[0].islower(), rng)
        return Example(noise.typed(instruction, rng), reason=reason)
    if roll < REFUSED + FOREIGN:
        instruction, moves = tongues.request(rng)
        return Example(noise.typed(instruction, rng), moves)
    instruction, moves = requests.request(rng)
    return Example(noise.typed(noise.polite(instruction, _is_wish(instruction), rng), rng), moves)


def _is_wish(instruction: str) -> bool:
    """Whether "could you" before it would read badly: it does not begin with a verb."""
    return instruction.split()[0].strip(",:;.").lower() in _NO_VERBS


_NO_VERBS = frozenset(
    "the that my red green blue i i'd we there on from not once when after before first last finally don't do never a 1. and top bottom "
    "start: begin: everything every whatever without using ignore".split()
)
