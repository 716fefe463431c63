# SPDX-License-Identifier: Apache-2.0
"""Coming to a stop."""

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.trajectory import JointTrajectory

_SHORTEST = 0.02


def brake(arm: Arm, q: np.ndarray, velocity: np.ndarray) -> JointTrajectory:
    """The trajectory that brings a moving arm to rest with constant deceleration, inside its limits.

    All joints stop together, T = max(|v| / a_max) s later, at q + v T / 2.

    Args:
        q, velocity: of the arm's joints now, shape (J,).
    """
    duration = max(_SHORTEST, float(np.max(np.abs(velocity) / arm.max_acceleration)))
    end = np.clip(q + 0.5 * duration * velocity, arm.lower, arm.upper)
    return JointTrajectory(arm.joints, [0.0, duration], [q, end], [velocity, np.zeros_like(velocity)])
