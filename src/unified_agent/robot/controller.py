# SPDX-License-Identifier: Apache-2.0
"""What a joint_trajectory_controller does with the trajectories it is sent."""

import numpy as np

from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory


class TrajectoryController:
    """Follows one joint trajectory at a time, inside the limits, and holds when there is none.

    A new trajectory replaces the one that is being followed. At its end the last point is
    held at rest. Where the first point lies ahead, the way to it begins at the set point.

    Args:
        joints: names of the J joints.
        lower, upper: position limits, shape (J,).
        max_velocity: shape (J,).
        position: the set point to begin with, shape (J,).
    """

    def __init__(self, joints, lower, upper, max_velocity, position) -> None:
        self.joints = tuple(joints)
        self._lower, self._upper = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
        self._max_velocity = np.asarray(max_velocity, dtype=float)
        self.hold(position)

    def hold(self, position) -> None:
        """Drop the trajectory and stay at ``position`` (J,)."""
        self._position = np.clip(np.asarray(position, dtype=float), self._lower, self._upper)
        self._rest = np.zeros_like(self._position)
        self._trajectory: JointTrajectory | None = None
        self._start = 0.0

    def command(self, trajectory: JointTrajectory, now: float, start: float | None = None) -> None:
        """Follow a trajectory from now on.

        Args:
            now: the controller's time, s.
            start: the time the trajectory's zero stands for; now when None. Points in the past are passed over.

        Raises:
            InvalidTrajectory: other joints, outside the limits, or all of it in the past (stale).
        """
        trajectory.check(self.joints, self._lower, self._upper, self._max_velocity)
        start = now if start is None else start
        if start + trajectory.duration < now:
            raise InvalidTrajectory(
                f"The trajectory ended {now - start - trajectory.duration:.2f} s ago: stamp it with the present time, "
                "or with 0 to begin when it arrives."
            )
        position, _ = self.sample(now)
        if start + trajectory.times[0] > now:
            trajectory = _approached(trajectory, position, now - start)
        self._trajectory, self._start = trajectory, start

    @property
    def moving(self) -> bool:
        """Whether a trajectory is being followed: True until a sample beyond its end was taken."""
        return self._trajectory is not None

    def sample(self, now: float) -> tuple[np.ndarray, np.ndarray]:
        """The set point: positions and velocities, each (J,), at ``now`` seconds."""
        if self._trajectory is None:
            return self._position, self._rest
        if now - self._start >= self._trajectory.duration:
            self.hold(self._trajectory.positions[-1])
            return self._position, self._rest
        position, velocity = self._trajectory.sample(now - self._start)
        return np.minimum(np.maximum(position, self._lower), self._upper), velocity


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
