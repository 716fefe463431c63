# SPDX-License-Identifier: Apache-2.0
"""Random starts: where objects lie in the basket."""

from collections.abc import Sequence

import numpy as np

from unified_agent.errors import UserError
from unified_agent.sim.scene import OBJECT_SIZE

SEPARATION = 0.135
"""Between the centres of two stacks, metres: the open hand fits between them."""
YAW = 0.2
"""Largest turn of an object at the start, radians."""

Pose = tuple[np.ndarray, np.ndarray]


def draw(rng: np.random.Generator, basket, stacks: Sequence[Sequence[str]]) -> dict[str, Pose]:
    """Object -> (position (3,), quaternion (w, x, y, z)) with every stack upright somewhere in the basket.

    Args:
        basket: (x_min, x_max, y_min, y_max), metres.
        stacks: names from the bottom to the top, one sequence a stack.

    Raises:
        UserError: the basket is too small for so many stacks.
    """
    poses = {}
    for stack, centre in zip(stacks, _centres(rng, basket, len(stacks)), strict=True):
        for level, name in enumerate(stack):
            yaw = rng.uniform(-YAW, YAW)
            position = np.array([*centre, OBJECT_SIZE * (level + 0.5)])
            poses[name] = (position, np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]))
    return poses


def _centres(rng: np.random.Generator, basket, count: int) -> np.ndarray:
    x_min, x_max, y_min, y_max = basket
    for _ in range(1000):
        centres = rng.uniform((x_min, y_min), (x_max, y_max), size=(count, 2))
        distances = np.linalg.norm(centres[:, None] - centres[None], axis=2)[np.triu_indices(count, 1)]
        if np.all(distances >= SEPARATION):
            return centres
    raise UserError(f"{count} stacks {SEPARATION} m apart do not fit into the basket {tuple(basket)}.")
