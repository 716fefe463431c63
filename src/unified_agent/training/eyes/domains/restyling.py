# SPDX-License-Identifier: Apache-2.0
"""The same state, as other scenes would show it: backgrounds, colours, textures, light and camera."""

from collections.abc import Sequence

import cv2
import numpy as np

_VISIBLE = 120.0
"""The least distance of two colours that lie beside each other, RGB."""
_PLAIN = 0.2
"""The share of pictures whose colours, and that of pictures whose background, stay."""


def restyled(picture: np.ndarray, palette: Sequence[Sequence[int]], rng: np.random.Generator) -> np.ndarray:
    """A picture with a background, colours, light and camera by chance.

    Args:
        picture: uint8 RGB, shape (H, W, 3).
        palette: the colours that it is drawn in, the background's first; empty: colours and background stay.

    Returns:
        uint8, the same shape.
    """
    shape = picture.shape[:2]
    drawn = picture.astype(np.float32)
    if palette:
        background = np.asarray(palette[0], np.float32) * np.ones((*shape, 1), np.float32)
        if rng.random() > _PLAIN:
            background = backdrop(shape, rng)
        colours = np.asarray(palette[1:], np.float32)
        if rng.random() > _PLAIN:
            colours = np.stack([visible(background.mean(axis=(0, 1)), rng) for _ in colours])
        elif np.linalg.norm(background.mean(axis=(0, 1)) - colours, axis=1).min() < _VISIBLE:
            background = 255.0 - background
        drawn = recoloured(picture, palette, background, colours.astype(np.float32))
    drawn = lit(drawn, rng.uniform(0.35, 1.25), rng.uniform(-0.4, 0.4, 2))
    move = camera(shape, rng.uniform(-0.04, 0.04, 2), rng.uniform(0.88, 1.04), rng.uniform(-2.0, 2.0))
    return moved(drawn.clip(0, 255).astype(np.uint8), move)


def recoloured(
    picture: np.ndarray, palette: Sequence[Sequence[int]], background: np.ndarray, colours: np.ndarray
) -> np.ndarray:
    """What is drawn, in other colours and before another background.

    Each pixel is taken for a mixture of the background's colour and the one other of the palette that explains it best,
    so that soft edges and thin lines stay soft and thin.

    Args:
        background: shape (H, W, 3).
        colours: of the rest of the palette, shape (K, 3) or (K, H, W, 3).

    Returns:
        float32, shape (H, W, 3).
    """
    empty, *things = np.asarray(palette, np.float32)
    offset = picture.astype(np.float32) - empty
    drawn = np.broadcast_to(background, picture.shape).astype(np.float32)
    touched = np.abs(offset).max(axis=-1) > 0
    offset, behind = offset[touched], drawn[touched]
    best = np.full(len(offset), np.inf, np.float32)
    mixed = behind.copy()
    for thing, colour in zip(things, colours, strict=True):
        direction = thing - empty
        share = (offset @ (direction / (direction @ direction))).clip(0, 1)[:, None]
        unexplained = np.square(offset - share * direction).sum(axis=-1)
        better = unexplained < best
        best[better] = unexplained[better]
        mixed[better] = ((1 - share) * behind + share * (colour if colour.ndim == 1 else colour[touched]))[better]
    drawn[touched] = mixed
    return drawn


def backdrop(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A background of one colour, a gradient, or blots of any fineness; float32, shape (H, W, 3)."""
    height, width = shape
    base = rng.uniform(0, 255, 3)
    kind = rng.integers(4)
    if kind == 0:
        return np.broadcast_to(base, (height, width, 3)).astype(np.float32)
    grid = (2, 2) if kind == 1 else tuple(rng.integers(3, 6 if kind == 2 else 16, 2))
    blots = (base + rng.normal(0, rng.uniform(5, 40), (*grid, 1)) + rng.normal(0, 15, (*grid, 3))).clip(0, 255)
    return cv2.resize(blots.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)


def visible(beside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A colour that can be told from another, shape (3,)."""
    while np.linalg.norm((colour := rng.uniform(0, 255, 3)) - beside) < _VISIBLE:
        pass
    return colour


def lit(picture: np.ndarray, gain: float, slope: np.ndarray) -> np.ndarray:
    """A picture under a light that falls off: ``slope`` is its change from the middle to the right and lower edge."""
    height, width = picture.shape[:2]
    down, right = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    return picture * (gain * (1 + slope[0] * right + slope[1] * down))[..., None].astype(np.float32)


def camera(shape: tuple[int, int], shift: Sequence[float], zoom: float, degrees: float) -> np.ndarray:
    """The affine map, shape (2, 3), of a camera moved by shares of the picture's size, nearer and turned."""
    height, width = shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
    matrix[:, 2] += np.asarray(shift) * (width, height)
    return matrix


def moved(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A picture through `camera`; what was beyond its edges goes on as the edge."""
    size = picture.shape[1::-1]
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
