# SPDX-License-Identifier: Apache-2.0
"""The ways an object is called in English."""

import random
from collections.abc import Callable

SHADES = {
    "red": (
        "crimson", "scarlet", "ruby", "cherry", "vermilion", "carmine", "ruby-red", "bright red", "dark red", "light red",
        "blood-red", "cherry-red", "reddish", "tomato red", "fire-engine red",
    ),
    "green": (
        "emerald", "lime", "jade", "mint", "olive", "lime-green", "emerald green", "dark green", "light green", "grass-green",
        "forest green", "greenish", "bright green", "olive-green", "leaf-green",
    ),
    "blue": (
        "azure", "navy", "cobalt", "sapphire", "sky-blue", "royal blue", "navy blue", "dark blue", "light blue", "cerulean",
        "ultramarine", "bluish", "bright blue", "cobalt blue", "ocean-blue",
    ),
}  # fmt: skip
NOUNS = (
    "object", "block", "cube", "box", "one", "thing", "brick", "object", "block", "cube", "piece", "item", "toy block",
    "building block", "little cube", "wooden block", "small block",
)  # fmt: skip
PLURALS = ("objects", "blocks", "cubes", "boxes", "things", "bricks", "pieces", "items", "ones")
_STYLES = (
    (10, "the {colour} {noun}"),
    (6, "{colour}"),
    (5, "the {colour} one"),
    (2, "the {colour}"),
    (1, "that {colour} {noun}"),
    (1, "the {noun} that is {colour}"),
    (1, "the {colour}-coloured {noun}"),
    (1, "the {noun} which is {colour}"),
    (1, "my {colour} {noun}"),
    (1, "{colour} {noun}"),
    (1, "the {colour} colored {noun}"),
)
Namer = Callable[[str], str]


def colour_word(colour: str, rng: random.Random, plain: float = 0.8) -> str:
    """The colour's own name, or with probability ``1 - plain`` one of its shades."""
    return colour if rng.random() < plain else rng.choice(SHADES[colour])


def namer(rng: random.Random) -> Namer:
    """A speaker's habit: how each object is called. Some speakers mix their styles, most keep to one."""
    weights, styles = zip(*_STYLES, strict=True)
    steady, noun = rng.choices(styles, weights)[0], rng.choice(NOUNS)
    mixing = rng.random() < 0.25

    def name(colour: str) -> str:
        style = rng.choices(styles, weights)[0] if mixing else steady
        thing = rng.choice(NOUNS) if mixing else noun
        text = style.format(colour=colour_word(colour, rng), noun=thing)
        return text.replace("one that", "block that").replace("one which", "block which")

    return name
