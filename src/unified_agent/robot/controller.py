# SPDX-License-Identifier: Apache-2.0
"""What a joint_trajectory_controller does with the trajectories it is sent."""

import numpy as np

from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

LONGEST = 600.0
"""A trajectory that ends later than so many seconds from now is a mistake."""


class TrajectoryController:
    """Follows one joint trajectory at a time, inside the limits, and holds when there is none.

    A new trajectory replaces the one that is being followed. At its end the last point is
    held at rest. Where the first point lies ahead, the way to it begins at the set point.
    Set points change at the multiples of the period; they are computed when the trajectory comes.

    Args:
        joints: names of the J joints.
        lower, upper: position limits, shape (J,).
        max_velocity: shape (J,).
        position: the set point to begin with, shape (J,).
        period: seconds between set points.
    """

    def __init__(self, joints, lower, upper, max_velocity, position, period: float = 0.02) -> None:
        self.joints = tuple(joints)
        self._lower, self._upper = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
        self._max_velocity = np.asarray(max_velocity, dtype=float)
        self._period = period
        self._rest = np.zeros(len(self.joints))
        self.hold(position)

    def hold(self, position) -> None:
        """Drop the trajectory and stay at ``position`` (J,)."""
        self._position = np.clip(np.asarray(position, dtype=float), self._lower, self._upper)
        self._velocities: list[np.ndarray] = []

    def command(self, trajectory: JointTrajectory, now: float, start: float | None = None) -> None:
        """Follow a trajectory from now on.

        Args:
            now: the controller's time, s.
            start: the time the trajectory's zero stands for; now when None. Points in the past are passed over.

        Raises:
            InvalidTrajectory: other joints, outside the limits, all of it in the past (stale), or ten minutes long.
        """
        trajectory.check(self.joints, self._lower, self._upper, self._max_velocity)
        start = now if start is None else start
        if start + trajectory.duration < now:
            raise InvalidTrajectory(
                f"The trajectory ended {now - start - trajectory.duration:.2f} s ago: stamp it with the present time, "
                "or with 0 to begin when it arrives."
            )
        if start + trajectory.duration > now + LONGEST:
            raise InvalidTrajectory(f"A trajectory must end within {LONGEST:.0f} s.")
        position, _ = self.sample(now)
        if start + trajectory.times[0] > now:
            trajectory = _approached(trajectory, position, now - start)
        self._first = self._tick(now)
        ticks = np.arange(self._first, self._tick(start + trajectory.duration) + 1)
        positions, velocities = trajectory.samples(ticks * self._period - start)
        # Between two points that are inside the limits the polynomial may leave them.
        self._positions = list(np.clip(positions, self._lower, self._upper))
        self._velocities = list(velocities)
        self._position = np.clip(trajectory.positions[-1], self._lower, self._upper)

    @property
    def moving(self) -> bool:
        """Whether a trajectory is being followed: True until a sample beyond its end was taken."""
        return bool(self._velocities)

    def sample(self, now: float) -> tuple[np.ndarray, np.ndarray]:
        """The set point: positions and velocities, each (J,), at ``now`` seconds."""
        if self._velocities:
            index = max(0, self._tick(now) - self._first)
            if index < len(self._velocities):
                return self._positions[index], self._velocities[index]
            self._velocities = []
        return self._position, self._rest

    def _tick(self, now: float) -> int:
        """The number of the period that ``now`` lies in; a time a rounding error short of one belongs to it."""
        return int(now / self._period + 1e-6)


def _approached(trajectory: JointTrajectory, position: np.ndarray, time: float) -> JointTrajectory:
    """The trajectory's points that lie after ``time``, led to from ``position``."""
    time = max(time, 0.0)
    ahead = trajectory.times > time
    shifted = np.concatenate([[time], trajectory.times[ahead]])
    return JointTrajectory(
        trajectory.joints,
        shifted,
        np.vstack([position, trajectory.positions[ahead]]),
        np.vstack([np.zeros_like(position), trajectory.velocities[ahead]]),
    )
