# SPDX-License-Identifier: Apache-2.0
"""Coming to a stop on the way that was being gone, as hard as the joints may."""

from collections.abc import Callable

import numpy as np

from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import JointTrajectory

_HALVINGS = 12


def brake(
    way: Callable[[float], np.ndarray],
    before: np.ndarray,
    time: float,
    acceleration: np.ndarray,
    period: float,
) -> np.ndarray:
    """Set points, one a period, that bring joints to rest without leaving their way.

    The way q(t) is gone in ever shorter steps of t, each the shortest with which
    |q[n+1] - 2 q[n] + q[n-1]| <= a_max period^2. The step before is always short enough, as |d2q/dt2| <= a_max on the
    way; so the set points keep the limits of position, velocity and acceleration that the way keeps, the tool stays
    where the way leads it, and they rest at its end at the latest.

    Args:
        way: time -> positions (J,), a curve that a guard let pass, with its end held.
        before: the set point a period before ``time``, shape (J,).
        time: of the set point in force.
        acceleration: shape (J,).

    Returns:
        Set points from ``time`` on, the last two the same, shape (K, J).
    """
    most = acceleration * period**2 * (1 + 1e-9) + 1e-12
    points, step = [before, way(time)], period
    while True:
        inertial = 2 * points[-1] - points[-2]
        if (np.abs(points[-1] - inertial) <= most).all():
            return np.array([*points[1:], points[-1]])
        low, high = 0.0, step
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            if (np.abs(way(time + middle) - inertial) <= most).all():
                high = middle
            else:
                low = middle
        step, time = high, time + high
        points.append(way(time))


def stopping(joints, q: np.ndarray, velocity: np.ndarray, limits: JointLimits, share: float) -> JointTrajectory:
    """One point to be sent to a controller that is elsewhere: come to rest there, beginning when this arrives.

    All joints stop together at constant deceleration, max(|v| / (share a_max)) s from now; a share below 1 leaves room
    for the way that the joints have gone by the time it arrives.

    Args:
        joints: their names.
        q, velocity: of the joints at the time it will arrive, shape (J,).
        limits: theirs; where the stop would lie outside, it ends at the limit.
        share: of the acceleration limits, in (0, 1].
    """
    duration = max(_SHORTEST, float(np.max(np.abs(velocity) / (share * limits.acceleration))))
    end = np.clip(q + 0.5 * duration * velocity, np.minimum(limits.lower, q), np.maximum(limits.upper, q))
    return JointTrajectory(joints, [duration], [end])


_SHORTEST = 0.1
"""Seconds: longer than a message takes, or it would have ended before it came."""
