# SPDX-License-Identifier: Apache-2.0
"""Pictures of surfaces, drawn in code: sky, tiles, cloth, skin and a face. All are uint8 RGB and always the same."""

import cv2
import numpy as np

_SIDE = 256
"""Of a square picture, pixels."""
_SKIN, _HAIR = (214, 168, 138), (58, 42, 32)


def noise(rng: np.random.Generator, side: int, finest: int) -> np.ndarray:
    """Clouds: octaves of smooth noise that join at opposite edges, in [0, 1], shape (side, side).

    Args:
        finest: cells of the finest octave along an edge.
    """
    total, cells, weight = np.zeros((side, side)), 2, 1.0
    while cells <= finest:
        grid = rng.random((cells, cells), dtype=np.float32)
        around = np.pad(grid, 2, mode="wrap")
        scale = side // cells
        large = cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        total += weight * large[2 * scale : 2 * scale + side, 2 * scale : 2 * scale + side]
        cells, weight = cells * 2, weight / 2
    return (total - total.min()) / np.ptp(total)


def tiles() -> np.ndarray:
    """Four stone tiles with their joints, no two of one grey."""
    rng = np.random.default_rng(1)
    half = _SIDE // 2
    shade = 0.86 + 0.10 * noise(rng, _SIDE, 64) + np.kron(rng.uniform(-0.05, 0.05, (2, 2)), np.ones((half, half)))
    picture = shade[..., None] * np.array((196, 186, 170))
    joint = (np.arange(_SIDE) % half < 3) | (np.arange(_SIDE) % half >= half - 1)
    picture[joint] = picture[:, joint] = (118, 110, 100)
    return _bytes(picture)


def cloth(colour: tuple[int, int, int], seed: int) -> np.ndarray:
    """Woven cloth of a colour, with folds."""
    weave = np.indices((_SIDE, _SIDE)).sum(axis=0) % 4 < 2
    shade = 0.86 + 0.2 * noise(np.random.default_rng(seed), _SIDE, 16) + 0.05 * weave
    return _bytes(shade[..., None] * np.array(colour))


def skin() -> np.ndarray:
    """Skin, a little uneven."""
    shade = 0.93 + 0.1 * noise(np.random.default_rng(4), _SIDE, 32)
    return _bytes(shade[..., None] * np.array(_SKIN))


def face() -> np.ndarray:
    """A face as the front of a head: hair, brows, eyes, nose and mouth."""
    picture = skin()
    middle = _SIDE // 2
    cv2.ellipse(picture, (middle, 20), (130, 62), 0, 0, 360, _HAIR, -1, cv2.LINE_AA)
    for side in (-1, 1):
        eye = (middle + side * 40, 122)
        cv2.ellipse(picture, eye, (18, 10), 0, 0, 360, (245, 243, 238), -1, cv2.LINE_AA)
        cv2.circle(picture, eye, 8, (60, 74, 92), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (eye[0], 104), (24, 8), 0, 190, 350, _HAIR, 5, cv2.LINE_AA)
    cv2.ellipse(picture, (middle, 158), (14, 8), 0, 0, 180, (176, 128, 102), 4, cv2.LINE_AA)
    cv2.ellipse(picture, (middle, 190), (32, 12), 0, 10, 170, (160, 84, 78), 6, cv2.LINE_AA)
    return picture


def hair() -> np.ndarray:
    """The sides and the back of a head."""
    strands = 0.8 + 0.5 * noise(np.random.default_rng(5), _SIDE, 64)
    return _bytes(strands[..., None] * np.array(_HAIR))


def head() -> np.ndarray:
    """The six sides of a head as MuJoCo's cube map wants them below each other, shape (6 S, S, 3): +x is the front."""
    sides = {"+x": np.rot90(face()), "-x": hair(), "+y": hair(), "-y": hair(), "+z": hair(), "-z": skin()}
    return np.ascontiguousarray(np.concatenate([sides[side] for side in ("+x", "-x", "+y", "-y", "+z", "-z")]))


def sky() -> np.ndarray:
    """The six sides of a sky with clouds, as `head`; haze at the horizon and below it."""
    rng = np.random.default_rng(6)
    clouds = noise(rng, 2 * _SIDE, 32)
    across, down = np.meshgrid(*(2 * [(np.arange(_SIDE) + 0.5) / _SIDE * 2 - 1]))
    one = np.ones_like(across)
    # OpenGL's cube map, y up: the ray through each pixel of right, left, up, down, front and back.
    rays = (
        (one, -down, -across),
        (-one, -down, across),
        (across, one, down),
        (across, -one, -down),
        (across, -down, one),
        (-across, -down, -one),
    )
    return np.concatenate([_sky_along(np.stack(ray, axis=-1), clouds) for ray in rays])


def _sky_along(rays: np.ndarray, clouds: np.ndarray) -> np.ndarray:
    """Colours in directions (..., 3), y up; clouds lie on a plane above."""
    rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    height = rays[..., 1]
    above = np.clip(height, 0.0, 1.0)[..., None]
    blue = (1 - above**0.6) * np.array((205, 219, 232)) + above**0.6 * np.array((84, 140, 208))
    where = (rays[..., ::2] / np.maximum(above, 0.08) * 0.12 * len(clouds)).astype(int) % len(clouds)
    cover = np.clip((clouds[where[..., 0], where[..., 1]] - 0.5) * 3, 0, 0.85) * np.clip(height * 5, 0, 1)
    return _bytes(blue + cover[..., None] * (np.array((248, 248, 248)) - blue))


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture, 0, 255).astype(np.uint8)
