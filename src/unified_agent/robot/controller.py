# SPDX-License-Identifier: Apache-2.0
"""What a joint_trajectory_controller does with the trajectories it is sent."""

import math

import numpy as np

from unified_agent.robot.braking import brake
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.seam import SetPoint
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

LONGEST_JOIN = 1.0
"""Seconds that a gap between the set points and a trajectory may take to close."""
_APART = 1e-6
"""Seconds: knots that are closer are one."""
_SAME = 1e-9


class TrajectoryController:
    """Follows one curve at a time and holds its end.

    A new trajectory replaces the one that is being followed, beginning at the set point of the moment with its
    velocity, so that position and velocity never jump: where its first point lies ahead, a cubic leads there; where it
    has begun, a gap to it fades away along a cubic. Set points change at the multiples of the period; they are computed
    when the trajectory comes. Whether a curve may be followed is for the guard to say.

    Args:
        limits: of the J joints.
        position: the set point to begin with, shape (J,).
        joining: a gap larger than this is no gap but another place, rad (m).
        period: seconds between set points.
    """

    def __init__(self, limits: JointLimits, position, joining: float, period: float = 0.02) -> None:
        self.limits = limits
        self._joining, self._period = joining, period
        self._rest = np.zeros(len(limits.joints))
        self.reset(position)

    def reset(self, position) -> None:
        """Forget everything: the joints are at rest at ``position`` (J,)."""
        self._held = self._at_rest(np.array(position, dtype=float))
        self._points: list[SetPoint] | None = None
        self._way: JointTrajectory | None = None
        self._before, self._first, self.braking = self._held.positions, 0, False

    def joined(self, trajectory: JointTrajectory, now: float, start: float | None = None) -> JointTrajectory:
        """The curve that following a trajectory from now on would be; its zero is the present period's begin.

        Args:
            now: the controller's time, s.
            start: the time the trajectory's zero stands for; now when None. Points in the past are passed over.

        Raises:
            InvalidTrajectory: it has begun, and elsewhere than where the joints are.
        """
        begin = self._tick(now) * self._period
        position, velocity = self.sample(now)
        lead = 0.0 if start is None else start - begin
        times = trajectory.times if lead == 0.0 else trajectory.times + lead
        if times[0] > _APART:
            return JointTrajectory.trusted(
                trajectory.joints,
                np.concatenate([[0.0], times]),
                np.concatenate([position[None], trajectory.positions]),
                np.concatenate([velocity[None], trajectory.velocities]),
            )
        if times[0] == 0.0:
            rest, there, speed = trajectory, trajectory.positions[0], trajectory.velocities[0]
        else:
            there, speed = trajectory.sample(-lead)
            rest = _rest_of(trajectory, times, there, speed)
        gap, slip = position - there, velocity - speed
        far = np.abs(gap)
        if not far.max() <= self._joining:
            worst = int(np.argmax(far))
            raise InvalidTrajectory(
                f"The trajectory has joint '{trajectory.joints[worst]}' at {there[worst]:.3f} now, and its set point "
                f"is {position[worst]:.3f}: farther than {self._joining} rad (m). Plan from where the joints are."
            )
        fast = np.abs(slip)
        if max(far.max(), fast.max()) < _SAME:
            return rest
        return _faded(rest, gap, slip, self._fade(rest, far, fast))

    def set_points(self, curve: JointTrajectory) -> tuple[np.ndarray, np.ndarray]:
        """The positions and velocities that following a curve would set, one a period, each (K, J)."""
        count = math.ceil(curve.duration / self._period - 1e-6) + 1
        return curve.samples(np.arange(count) * self._period)

    def follow(self, curve: JointTrajectory, points: tuple[np.ndarray, np.ndarray], now: float) -> None:
        """Follow a curve of `joined`, whose `set_points` these are, from now on."""
        self._begin(*points, now)
        self._way, self.braking = curve, False

    def brake(self, now: float) -> None:
        """Come to rest on the way, as hard as the joints may; see `braking.brake`."""
        if not self.moving or self.braking:
            return
        index = self._index(now)
        if index >= len(self._points):
            return
        before = self._points[index - 1].positions if index > 0 else self._before
        way = self._way
        points = brake(
            lambda time: way.sample(time)[0], before, index * self._period, self.limits.acceleration, self._period
        )
        ends = np.vstack([before, points, points[-1]])
        self._begin(points, (ends[2:] - ends[:-2]) / (2 * self._period), now)
        self.braking = True

    @property
    def moving(self) -> bool:
        """Whether a trajectory is being followed: True until a set point beyond its end was taken."""
        return self._points is not None

    def sample(self, now: float) -> tuple[np.ndarray, np.ndarray]:
        """The set point's positions and velocities, each (J,), at ``now`` seconds."""
        return self.set_point(now)[:2]

    def set_point(self, now: float) -> SetPoint:
        """The set point of the control period that ``now`` lies in."""
        points = self._points
        if points is not None:
            index = self._index(now)
            if index < len(points):
                return points[index]
            self._points, self._way, self.braking = None, None, False
            self._before = self._held.positions
        return self._held

    def _at_rest(self, position: np.ndarray) -> SetPoint:
        return SetPoint(position, self._rest, self._rest)

    def _begin(self, positions: np.ndarray, velocities: np.ndarray, now: float) -> None:
        index = self._index(now)
        if self._points is not None and 0 < index <= len(self._points):
            self._before = self._points[index - 1].positions
        self._first = self._tick(now)
        accelerations = np.zeros_like(velocities)
        accelerations[:-1] = (velocities[1:] - velocities[:-1]) / self._period
        self._points = list(map(SetPoint, positions, velocities, accelerations))
        self._held = self._at_rest(positions[-1])

    def _fade(self, curve: JointTrajectory, gap: np.ndarray, slip: np.ndarray) -> float:
        """Seconds in which a gap can fade with the acceleration that the curve leaves.

        Args:
            gap, slip: absolute, of position and velocity, (J,).

        The cubic from (gap, slip) to rest in T seconds asks for at most 6 |gap| / T^2 + 4 |slip| / T.
        """
        used = np.abs(curve.accelerations).max(axis=(0, 1)) if len(curve.times) > 1 else 0.0
        spare = np.maximum(self.limits.acceleration - used, 0.01 * self.limits.acceleration)
        time = float(np.max((2 * slip + np.sqrt(4 * slip**2 + 6 * spare * gap)) / spare))
        if not time <= LONGEST_JOIN:
            raise InvalidTrajectory(
                f"The joints are up to {gap.max():.3f} rad (m) and {slip.max():.3f} rad/s (m/s) off the trajectory, "
                f"and it leaves too little acceleration to close that within {LONGEST_JOIN} s. Plan from where the "
                "joints are."
            )
        return max(time * (1 + 1e-9), self._period)

    def _index(self, now: float) -> int:
        return max(0, self._tick(now) - self._first)

    def _tick(self, now: float) -> int:
        """The number of the period that ``now`` lies in; a time a rounding error short of one belongs to it."""
        return int(now / self._period + 1e-6)


def _rest_of(trajectory: JointTrajectory, times: np.ndarray, there, speed) -> JointTrajectory:
    """What is ahead of a trajectory whose points lie at ``times``, some of them past; it is at ``there`` now."""
    ahead = times > _APART
    return JointTrajectory.trusted(
        trajectory.joints,
        np.concatenate([[0.0], times[ahead]]),
        np.concatenate([there[None], trajectory.positions[ahead]]),
        np.concatenate([speed[None], trajectory.velocities[ahead]]),
    )


def _faded(curve: JointTrajectory, gap: np.ndarray, slip: np.ndarray, time: float) -> JointTrajectory:
    """A curve plus the cubic that goes from (gap, slip) at its begin to nothing after ``time`` s; exact."""
    times, positions, velocities = curve.times, curve.positions, curve.velocities
    place = int(np.searchsorted(times, time))
    near = [knot for knot in times[max(0, place - 1) : place + 1].tolist() if abs(knot - time) < _APART]
    if near:
        time = near[0]
    else:
        there, speed = curve.samples(np.array([time]))
        times = np.concatenate([times[:place], [time], times[place:]])
        positions = np.concatenate([positions[:place], there, positions[place:]])
        velocities = np.concatenate([velocities[:place], speed, velocities[place:]])
    u = np.minimum(times / time, 1.0)[:, None]
    left = 1 - u
    positions = positions + gap * (1 + u * u * (2 * u - 3)) + (slip * time) * (u * left * left)
    velocities = velocities - (6 / time * gap) * (u * left) + slip * (left * (1 - 3 * u))
    return JointTrajectory.trusted(curve.joints, times, positions, velocities)
