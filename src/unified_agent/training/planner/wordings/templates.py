# SPDX-License-Identifier: Apache-2.0
"""The notation wordings are written in: ``[a|b]`` is either, ``[a|]`` is perhaps, ``{x}`` is filled in afterwards."""

import random
import re

_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def expand(template: str, rng: random.Random, **slots: str) -> str:
    """One sentence of the template: choices made from the innermost outwards, then the slots filled."""
    while _CHOICE.search(template):
        template = _CHOICE.sub(lambda choice: rng.choice(choice[1].split("|")), template)
    return " ".join(template.format(**slots).split())


def say(templates: tuple[str, ...], rng: random.Random, **slots: str) -> str:
    """``expand`` of one of the templates."""
    return expand(rng.choice(templates), rng, **slots)
