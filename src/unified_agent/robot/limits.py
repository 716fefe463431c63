# SPDX-License-Identifier: Apache-2.0
"""Limits of joints, and whether a curve keeps them at every moment."""

from dataclasses import dataclass

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

_ROUNDING = 1e-6
"""Relative to a limit: less is a rounding error."""


@dataclass(frozen=True)
class JointLimits:
    """What J joints may do; shapes (J,), rad (m where a joint slides) and seconds.

    A curve that keeps these limits and ends at rest can be left at any moment, every joint braking at its full
    acceleration, without leaving the position limits: p + v |v| / (2 a_max) never turns back while v does not, as
    |dv/dt| <= a_max, and where v = 0 it is a position of the curve.
    """

    joints: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray

    @classmethod
    def of_arm(cls, arm: Arm) -> "JointLimits":
        """Of the arm's joints, with the soft position limits."""
        return cls(arm.joints, *arm.soft_limits, arm.max_velocity, arm.max_acceleration)

    @classmethod
    def of_gripper(cls, arm: Arm) -> "JointLimits":
        """Of the gripper joint that is commanded."""
        low, high = sorted((arm.gripper_closed, arm.gripper_open))
        values = (low, high, arm.gripper_velocity, arm.gripper_acceleration)
        return cls(arm.gripper_joints[:1], *(np.array([value]) for value in values))

    def check_points(self, trajectory: JointTrajectory, at: np.ndarray) -> None:
        """Refuse points that no way to them could mend.

        Args:
            at: where the joints are, (J,); outside the limits they may only go back.

        Raises:
            InvalidTrajectory: a point outside the position or velocity limits, or no rest at the end.
        """
        self._keep("position", trajectory.positions, *self._range(at))
        self._keep("velocity", trajectory.velocities, -self.velocity, self.velocity)
        speed = np.abs(trajectory.velocities[-1]).max()
        if speed > _ROUNDING:
            raise InvalidTrajectory(
                f"The trajectory ends while moving at {speed:.3g} rad/s (m/s): the last velocity must be 0."
            )

    def check(self, curve: JointTrajectory, at: np.ndarray) -> None:
        """Refuse a curve that leaves the limits anywhere, also between its points.

        Args:
            at: as for `check_points`.

        Raises:
            InvalidTrajectory: says which joint, by how much, and what to do.
        """
        if len(curve.times) == 1:
            return
        with np.errstate(all="ignore"):
            # Between the points of a cubic the acceleration is linear.
            self._keep("acceleration", curve.accelerations, -self.acceleration, self.acceleration)
            h = (curve.times[1:] - curve.times[:-1])[:, None]
            q, first, last = curve.positions, curve.velocities[:-1], curve.velocities[1:]
            middle = 3 / h * (q[1:] - q[:-1]) - first - last
            lower, upper = self._range(at)
            self._keep("velocity", curve.velocities, -self.velocity, self.velocity)
            self._keep("position", q, lower, upper)
            # A polynomial never leaves the hull of its Bernstein coefficients; only where that does, look closer.
            if not (np.abs(middle) <= self.velocity).all():
                self._keep("velocity", _turning(first, middle, last), -self.velocity, self.velocity)
            inner = np.array([q[:-1] + h / 3 * first, q[1:] - h / 3 * last])
            if not ((inner >= lower) & (inner <= upper)).all():
                self._keep("position", _turned(curve, h, first, middle, last), lower, upper)

    def _range(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.minimum(self.lower, at), np.maximum(self.upper, at)

    def _keep(self, what: str, values: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Refuse values, shape (..., J), outside [lower, upper], or that are no numbers."""
        slack = _ROUNDING * (upper - lower)
        if ((values >= lower - slack) & (values <= upper + slack)).all():
            return
        over = np.maximum(values - upper, lower - values).reshape(-1, len(self.joints))
        over = np.nan_to_num(over, nan=np.inf).max(axis=0)
        worst = int(np.argmax(over))
        unit = {"position": "rad or m", "velocity": "rad/s or m/s", "acceleration": "rad/s^2 or m/s^2"}[what]
        remedy = "Keep inside the limits" if what == "position" else "Give it more time"
        raise InvalidTrajectory(
            f"The trajectory exceeds the {what} limit of joint '{self.joints[worst]}' "
            f"[{lower[worst]:.3f}, {upper[worst]:.3f}] by {over[worst]:.4g} {unit}. {remedy}."
        )


def _turning(first, middle, last) -> np.ndarray:
    """Velocities at the ends of each segment and where they turn inside it, (3, T - 1, J)."""
    # The derivative of v(u) = first (1 - u)^2 + 2 middle u (1 - u) + last u^2, u in [0, 1], vanishes here.
    bend = first - 2 * middle + last
    u = np.where(bend == 0, 0.0, (first - middle) / np.where(bend == 0, 1.0, bend))
    u = np.clip(np.nan_to_num(u), 0.0, 1.0)
    return np.array([first, first * (1 - u) ** 2 + 2 * middle * u * (1 - u) + last * u**2, last])


def _turned(curve: JointTrajectory, h, first, middle, last) -> np.ndarray:
    """Positions at the ends of each segment and where its velocity vanishes inside it, (3, T - 1, J)."""
    a, b = first - 2 * middle + last, first - middle
    root = np.sqrt(np.maximum(b * b - a * first, 0.0))
    # Of the two ways to write the roots of a u^2 - 2 b u + first = 0, the one that loses no digits.
    q = b + np.where(b >= 0, root, -root)
    found = []
    for numerator, denominator in ((q, a), (first, q)):
        u = np.where(denominator == 0, 0.0, numerator / np.where(denominator == 0, 1.0, denominator))
        u = np.clip(np.nan_to_num(u), 0.0, 1.0)
        w = 1 - u
        p0, p3 = curve.positions[:-1], curve.positions[1:]
        p1, p2 = p0 + h * first / 3, p3 - h * last / 3
        found.append(p0 * w**3 + 3 * p1 * u * w**2 + 3 * p2 * u**2 * w + p3 * u**3)
    return np.array([curve.positions[:-1], curve.positions[1:], *found])
