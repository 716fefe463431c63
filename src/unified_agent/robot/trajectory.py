# SPDX-License-Identifier: Apache-2.0
"""Joint trajectories: what is published to a joint_trajectory_controller, and how one is timed."""

import math
from bisect import bisect_right
from functools import cached_property

import numpy as np

from unified_agent.errors import UserError


class InvalidTrajectory(UserError):
    """A trajectory that must not be executed."""


class JointTrajectory:
    """Positions and velocities of J joints at T times, joined by cubic polynomials.

    The same interpolation as ros2_control's joint_trajectory_controller uses for points
    that carry positions and velocities.

    Args:
        joints: names of the J joints.
        times: seconds from the start, strictly increasing, first >= 0, shape (T,).
        positions: rad or m, shape (T, J).
        velocities: per second, shape (T, J); None: at rest at every point.

    Raises:
        InvalidTrajectory: wrong shapes, a number that is not finite, times that do not increase.
    """

    def __init__(self, joints, times, positions, velocities=None) -> None:
        self.joints = tuple(joints)
        self.times = np.atleast_1d(np.asarray(times, dtype=float))
        self.positions = np.atleast_2d(np.asarray(positions, dtype=float))
        self.velocities = (
            np.zeros_like(self.positions) if velocities is None else np.atleast_2d(np.asarray(velocities, dtype=float))
        )
        shape = (len(self.times), len(self.joints))
        if len(self.times) == 0 or self.positions.shape != shape or self.velocities.shape != shape:
            raise InvalidTrajectory(
                f"A trajectory of {shape[0]} times and {shape[1]} joints needs positions and velocities of shape "
                f"{shape}, not {self.positions.shape} and {self.velocities.shape}."
            )
        for name, values in (("time", self.times), ("position", self.positions), ("velocity", self.velocities)):
            if not np.isfinite(values).all():
                raise InvalidTrajectory(f"A {name} of the trajectory is not finite.")
        if self.times[0] < 0 or np.any(self.times[1:] <= self.times[:-1]):
            raise InvalidTrajectory("The times of a trajectory must start at 0 or later and increase.")

    @classmethod
    def trusted(cls, joints: tuple[str, ...], times, positions, velocities) -> "JointTrajectory":
        """One of arrays that were derived from a checked one; not checked again."""
        trajectory = cls.__new__(cls)
        trajectory.joints, trajectory.times = joints, times
        trajectory.positions, trajectory.velocities = positions, velocities
        return trajectory

    @property
    def duration(self) -> float:
        """Seconds from the start to the last point."""
        return float(self.times[-1])

    def sample(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Position and velocity, each (J,), at ``time`` seconds; the nearer end, at rest, outside the trajectory."""
        if time >= self.times[-1]:
            return self.positions[-1], np.zeros(len(self.joints))
        if time < self.times[0]:
            return self.positions[0], np.zeros(len(self.joints))
        segment = bisect_right(self._starts, time) - 1
        t = time - self._starts[segment]
        both = np.array((1.0, t, t * t, t * t * t)) @ self._polynomials[segment]
        return both[: len(self.joints)], both[len(self.joints) :]

    def samples(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and velocities, each (K, J), at K times; the nearer end, at rest, outside the trajectory."""
        if len(self.times) == 1:
            return np.repeat(self.positions, len(times), axis=0), np.zeros((len(times), len(self.joints)))
        knots = self.times
        inside = np.minimum(np.maximum(times, knots[0]), knots[-1])
        segment = np.searchsorted(knots[1:-1], inside, side="right")
        after = segment + 1
        h = (knots[after] - knots[segment])[:, None]
        u = (inside - knots[segment])[:, None] / h
        p0, p1 = self.positions.take(segment, axis=0), self.positions.take(after, axis=0)
        v0, v1 = self.velocities.take(segment, axis=0), self.velocities.take(after, axis=0)
        # p = p0 + h u (v0 + u (b + u a)) with the way that the end velocities alone would not have gone in a and b.
        slope = (p1 - p0) / h
        a, b = v0 + v1 - 2 * slope, 3 * slope - 2 * v0 - v1
        positions = p0 + (h * u) * (v0 + u * (b + u * a))
        velocities = v0 + u * (2 * b + (3 * u) * a)
        velocities[(times != inside) | (times == knots[-1])] = 0.0
        return positions, velocities

    @cached_property
    def _starts(self) -> list[float]:
        return self.times.tolist()

    @cached_property
    def _coefficients(self) -> np.ndarray:
        """Cubic Hermite coefficients, lowest power first, shape (4, T - 1, J)."""
        h = (self.times[1:] - self.times[:-1])[:, None]
        p0, p1, v0, v1 = self.positions[:-1], self.positions[1:], self.velocities[:-1], self.velocities[1:]
        slope = (p1 - p0) / h
        return np.array([p0, v0, (3 * slope - 2 * v0 - v1) / h, (v0 + v1 - 2 * slope) / h**2])

    @cached_property
    def accelerations(self) -> np.ndarray:
        """At the start and at the end of every segment, between which they are linear, shape (2, T - 1, J)."""
        h = (self.times[1:] - self.times[:-1])[:, None]
        v0, v1 = self.velocities[:-1], self.velocities[1:]
        slope = 6 / h * (self.positions[1:] - self.positions[:-1])
        return np.array([slope - 4 * v0 - 2 * v1, 2 * v0 + 4 * v1 - slope]) / h

    @cached_property
    def _polynomials(self) -> np.ndarray:
        """Coefficients of position and, beside them, of velocity, shape (T - 1, 4, 2 J)."""
        _, c1, c2, c3 = self._coefficients
        velocity = np.array([c1, 2 * c2, 3 * c3, np.zeros_like(c3)])
        return np.concatenate([self._coefficients, velocity], axis=2).swapaxes(0, 1)

    def ordered(self, joints: tuple[str, ...]) -> "JointTrajectory":
        """The same with its joints in this order.

        Raises:
            InvalidTrajectory: it is for other joints, for some of them only, or for one twice.
        """
        if self.joints == joints:
            return self
        if sorted(self.joints) != sorted(joints):
            raise InvalidTrajectory(f"The trajectory is for {list(self.joints)}, not for {list(joints)}.")
        order = [self.joints.index(joint) for joint in joints]
        return JointTrajectory(joints, self.times, self.positions[:, order], self.velocities[:, order])

    def reversed(self) -> "JointTrajectory":
        """The same way back, in the same time."""
        times = self.times[-1] - self.times[::-1]
        return JointTrajectory(self.joints, times, self.positions[::-1], -self.velocities[::-1])

    @classmethod
    def through(
        cls, joints, way_points, max_velocity, max_acceleration, at_least: float = 0.0, step: float = 0.04
    ) -> "JointTrajectory":
        """From rest to rest through way points, under a trapezoidal speed profile inside the limits.

        The path is a Catmull-Rom spline q(s), s the distance in joint space. With
        dq/dt = q'(s) s' and d2q/dt2 = q'(s) s'' + q''(s) s'^2 one top speed and one
        acceleration of s are chosen for the whole path; the profile is then slowed down to what its cubics need to
        stay inside the limits at every moment.

        Args:
            way_points: the first is where the joints are now, shape (N, J), N >= 1.
            max_velocity, max_acceleration: shape (J,); keep a margin below the hardware's.
            at_least: slow the whole profile down to take this many seconds.
            step: seconds between the trajectory's points.
        """
        way_points = np.atleast_2d(np.asarray(way_points, dtype=float))
        distances = np.linalg.norm(np.diff(way_points, axis=0), axis=1)
        way_points = way_points[np.concatenate([[True], distances > 1e-9])]
        if len(way_points) == 1:
            return cls(joints, [max(at_least, step)], way_points)
        s = np.concatenate([[0.0], np.cumsum(distances[distances > 1e-9])])
        path = cls(joints, s, way_points, np.gradient(way_points, s, axis=0))
        s = np.linspace(0.0, s[-1], 8 * len(way_points))
        _, first, second = path._derivatives(s)
        first, second = np.abs(first) + 1e-12, np.abs(second) + 1e-12
        speed = min(np.min(max_velocity / first), np.sqrt(np.min(_CURVE * max_acceleration / second)))
        acceleration = np.min(_ALONG * max_acceleration / first)
        speed = min(speed, np.sqrt(acceleration * s[-1]))
        duration = s[-1] / speed + speed / acceleration
        slower = max(1.0, at_least / duration)
        duration, speed, acceleration = duration * slower, speed / slower, acceleration / slower**2
        times = np.linspace(0.0, duration, max(2, int(np.ceil(duration / step))) + 1)
        s, rate = _trapezoid(times, duration, speed, acceleration)
        positions, first, _ = path._derivatives(s)
        return cls(joints, times, positions, first * rate[:, None])._slowed(max_velocity, max_acceleration)

    def _slowed(self, max_velocity, max_acceleration) -> "JointTrajectory":
        """The same way, as much slower as it must be to stay inside the limits."""
        speed = np.abs(_velocity_hull(self)).max(axis=(0, 1)) / max_velocity
        hardness = np.abs(self.accelerations).max(axis=(0, 1)) / max_acceleration
        slower = max(float(speed.max()), math.sqrt(float(hardness.max())))
        if slower <= 1.0:
            return self
        slower *= 1.0 + 1e-9
        return JointTrajectory(self.joints, self.times * slower, self.positions, self.velocities / slower)

    def _derivatives(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position and its first two derivatives at many times inside the trajectory, each (K, J)."""
        segment = np.searchsorted(self.times[1:-1], times, side="right")
        t = (times - self.times[segment])[:, None]
        c0, c1, c2, c3 = self._coefficients[:, segment]
        return c0 + t * (c1 + t * (c2 + t * c3)), c1 + t * (2 * c2 + 3 * t * c3), 2 * c2 + 6 * t * c3


_ALONG, _CURVE = 0.7, 0.5
"""Shares of the acceleration limit for gaining speed along a path, and for its curvature at top speed."""


def _velocity_hull(curve: JointTrajectory) -> np.ndarray:
    """Bernstein coefficients of each segment's velocity, (3, T - 1, J): the velocity never leaves their range."""
    slope = np.diff(curve.positions, axis=0) / np.diff(curve.times)[:, None]
    first, last = curve.velocities[:-1], curve.velocities[1:]
    return np.array([first, 3 * slope - first - last, last])


def _trapezoid(times, duration, speed, acceleration):
    """Distance and its rate at each time of a profile that starts and ends at rest."""
    ramp = speed / acceleration
    to_end = duration - times
    length = speed * (duration - ramp)
    s = np.where(times < ramp, 0.5 * acceleration * times**2, speed * (times - 0.5 * ramp))
    s = np.where(to_end < ramp, length - 0.5 * acceleration * to_end**2, s)
    return s, np.minimum(speed, acceleration * np.minimum(times, to_end))
