# SPDX-License-Identifier: Apache-2.0
"""MountainCar: where on its two hills the car is."""

import numpy as np

from unified_agent.training.eyes.domains import Caption, bands
from unified_agent.training.eyes.domains.classic_control import RenderedStates

# Positions in the environment's units: the valley's floor is at -0.52, the flag at 0.45.
_PLACES = ((0.41, 0.7), (0.12, 0.41), (-0.25, 0.12), (-0.75, -0.25), (-1.05, -0.75), (-1.3, -1.05))
_NEAR = 0.025
_RENDERED = "MountainCarContinuous-v0"


def _car(sentence: str, *others: str) -> Caption:
    return Caption(sentence, "car", "car", others)


class MountainCar:
    """``MountainCarContinuous-v0``; a state is position and speed."""

    name = "mountain_car"
    palette = ((255, 255, 255), (0, 0, 0), (128, 128, 128), (204, 204, 0))
    captions = (
        _car(
            "the car is at the top of the right hill",
            "the car is at the flag",
            "the car has reached the flag",
            "the car is on the summit of the right hill",
            "a car on top of the hill on the right",
        ),
        _car(
            "the car is near the top of the right hill",
            "the car is close to the flag",
            "the car is high up the right hill",
            "a car a little below the top of the right hill",
        ),
        _car(
            "the car is half way up the right hill",
            "the car is on the slope of the right hill",
            "the car climbs the right hill",
            "a car in the middle of the slope on the right",
        ),
        _car(
            "the car is in the valley",
            "the car is at the bottom of the valley",
            "the car is between the hills",
            "a car at the lowest point",
        ),
        _car(
            "the car is half way up the left hill",
            "the car is on the slope of the left hill",
            "the car climbs the left hill",
            "a car in the middle of the slope on the left",
        ),
        _car(
            "the car is at the top of the left hill",
            "the car is on the summit of the left hill",
            "a car on top of the hill on the left",
            "the car is at the left edge",
        ),
        Caption(
            "a car between two hills and a flag", "scene", "car", ("a car and hills", "a picture of a car and a hill")
        ),
    )

    def __init__(self) -> None:
        self._pictures = RenderedStates(_RENDERED)

    def states(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """At rest, every fourth in the last quarter before the flag and behind it."""
        everywhere, near = rng.uniform(-1.2, 0.6, count), rng.uniform(0.15, 0.6, count)
        return np.stack([np.where(rng.random(count) < 0.25, near, everywhere), np.zeros(count)], axis=1)

    def render(self, state: np.ndarray) -> np.ndarray:
        """See `RenderedStates`."""
        return self._pictures.render(state)

    def truth(self, states: np.ndarray) -> np.ndarray:
        """1, 0 or -1."""
        return np.column_stack([bands(states[:, 0], _PLACES, _NEAR), np.ones(len(states))]).astype(np.int8)
