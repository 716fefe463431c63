# SPDX-License-Identifier: Apache-2.0
"""The seam under motion: what the simulated world meets today and a driver of servos meets as well."""

from typing import NamedTuple, Protocol

import numpy as np


class SetPoint(NamedTuple):
    """Where J joints should be at the start of a control period, and how they should move during it.

    Attributes:
        positions: rad (m where a joint slides), shape (J,).
        velocities: per second, shape (J,).
        accelerations: mean of the period, per second squared, shape (J,).
    """

    positions: np.ndarray
    velocities: np.ndarray
    accelerations: np.ndarray


class JointSeam(Protocol):
    """An arm with its gripper. Only the guard writes to it, once a control period while something moves."""

    def read(self) -> np.ndarray:
        """Measured positions of the arm's joints and then of the commanded gripper joint, shape (J + 1,)."""

    def write(self, arm: SetPoint, gripper: SetPoint) -> None:
        """Take these set points now; the newest ones stay in force until the next."""
