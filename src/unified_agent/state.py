# SPDX-License-Identifier: Apache-2.0
"""The decision process of the Unified Agent paper: what is seen and what is done."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

OBJECT_SIZE = 0.045
"""Edge of the objects, metres: they fit the gripper with room on both sides."""


@dataclass(frozen=True)
class State:
    """What the policy knows. All positions are of centres, in ``base_link``, metres.

    Attributes:
        objects: name ("red") -> position, shape (3,).
        tool: the point between the fingers, shape (3,).
        holding: whether the gripper closed on something.
    """

    objects: Mapping[str, np.ndarray]
    tool: np.ndarray
    holding: bool

    @property
    def finite(self) -> bool:
        """False where any position is NaN or infinite: such a state must not be acted on."""
        return bool(np.isfinite(self.tool).all() and all(np.isfinite(p).all() for p in self.objects.values()))


# An action is an array (x, y) in base_link, metres, inside the basket: the robot picks
# there when its gripper is empty and places there when it holds something.
Action = np.ndarray
