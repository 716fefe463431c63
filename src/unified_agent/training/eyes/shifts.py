# SPDX-License-Identifier: Apache-2.0
"""The same moments as another camera, another light or a codec would have shown them: what a CLIP must not mind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from unified_agent.training.eyes.augmentation import blurred, recoloured, through_jpeg


@contextmanager
def moved_cameras(model, distance: float, rng: np.random.Generator) -> Iterator[None]:
    """Every camera of MuJoCo's model that far from its place (metres), any way, looking in the same direction."""
    places = model.cam_pos.copy()
    ways = rng.normal(size=places.shape)
    model.cam_pos[:] = places + distance * ways / np.linalg.norm(ways, axis=1, keepdims=True)
    try:
        yield
    finally:
        model.cam_pos[:] = places


@contextmanager
def dimmed(model, share: float, rng: np.random.Generator) -> Iterator[None]:
    """All lights of MuJoCo's model at that share of their strength; nothing of it is chance."""
    lights = (model.light_diffuse, model.vis.headlight.ambient, model.vis.headlight.diffuse)
    kept = [np.array(light) for light in lights]
    for light in lights:
        light *= share
    try:
        yield
    finally:
        for light, strength in zip(lights, kept, strict=True):
            light[:] = strength


SCENES: dict[str, Callable] = {
    "cameras moved 40 mm": partial(moved_cameras, distance=0.04),
    "cameras moved 100 mm": partial(moved_cameras, distance=0.1),
    "lights x 0.4": partial(dimmed, share=0.4),
}
"""What is done to the scene, called with MuJoCo's model and ``rng``."""


def _each(change: Callable, amount: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda frames: np.stack([change(frame, amount) for frame in frames])


PICTURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "hue + 0.06": _each(recoloured, 0.06),
    "hue - 0.06": _each(recoloured, -0.06),
    "JPEG, quality 40": _each(through_jpeg, 40),
    "blur, 1 pixel": _each(blurred, 1.0),
}
"""What is done to frames, uint8 RGB, shape (N, H, W, 3)."""
