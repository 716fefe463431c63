# SPDX-License-Identifier: Apache-2.0
"""The guard: always between a trajectory and the seam. What breaks a rule is refused whole before anything moves."""

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.controller import TrajectoryController
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.seam import JointSeam
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory

MOST_POINTS = 2_000
"""A trajectory of more points is a mistake."""
LONGEST = 600.0
"""A trajectory that ends later than so many seconds from now is a mistake."""
OLDEST, AHEAD = 2.0, 1.0
"""A trajectory is refused whose stamp lies more than this in the past, or in the future, seconds."""
_CLOSE = 1e-4
"""Metres: less outside the tool's box is a rounding error."""


class RefusedTrajectory(InvalidTrajectory):
    """A trajectory that is sound in itself and must not be followed now."""


class Guard:
    """Lets through what an arm may do, joins it to where the joints are, and writes the set points.

    For what it has let through, every set point keeps the limits of position (less the arm's margin), velocity and
    acceleration, and the tool stays in its box at every set point; a brake at any moment keeps them too. Where the
    joints or the tool are outside already, they may go back and no farther out. Nothing is clamped.

    Not thread-safe: whoever steps it commands it.

    Args:
        arm: its data.
        kinematics: of that arm.
        seam: what the set points are written to.
        period: seconds between set points.

    Attributes:
        seam: where the set points go.
        latched: why nothing is followed until `release`; empty when commands are.
    """

    def __init__(self, arm: Arm, kinematics: Kinematics, seam: JointSeam, period: float = 0.02) -> None:
        self._fence, self._kinematics, self.seam = arm.fence, kinematics, seam
        joining = arm.fence.joining
        self._arm = TrajectoryController(JointLimits.of_arm(arm), arm.home, joining, period)
        # A gripper's fingers are stopped by what they hold: only their set points are ever where they were told.
        width = abs(arm.gripper_open - arm.gripper_closed)
        self._gripper = TrajectoryController(JointLimits.of_gripper(arm), [arm.gripper_open], width, period)
        self._joint_count = len(arm.joints)
        self._astray_since: float | None = None
        self.latched = ""

    @property
    def moving(self) -> bool:
        """Whether set points of the arm or the gripper are to come."""
        return self._arm.moving or self._gripper.moving

    def set_points(self, now: float) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the arm (J,) and the gripper (1,) that are in force at ``now`` seconds."""
        return self._arm.sample(now)[0], self._gripper.sample(now)[0]

    def command_arm(self, trajectory: JointTrajectory, now: float, start: float | None = None) -> None:
        """Follow a trajectory of the arm's joints from now on; it replaces the one before.

        Args:
            now: seconds, the seam's clock.
            start: the time the trajectory's zero stands for; now when None. Points in the past are passed over.

        Raises:
            InvalidTrajectory: it breaks a rule: what was expected, what came, what to do. The old one goes on.
        """
        trajectory = trajectory.ordered(self._arm.limits.joints)
        self._may_command(trajectory, now, start, self._arm)
        at, _ = self._arm.sample(now)
        measured = self.seam.read()[: self._joint_count]
        off = np.abs(measured - at)
        if not off.max() <= self._fence.following:
            worst = int(np.argmax(np.nan_to_num(off, nan=np.inf)))
            raise RefusedTrajectory(
                f"Joint '{trajectory.joints[worst]}' is measured at {measured[worst]:.3f}, {off[worst]:.3f} rad (m) "
                f"from its set point, more than {self._fence.following}: something holds the arm. Free it."
            )
        curve = self._arm.joined(trajectory, now, start)
        self._arm.limits.check(curve, at)
        points = self._arm.set_points(curve)
        self._check_tool(points[0])
        self._arm.follow(curve, points, now)

    def command_gripper(self, trajectory: JointTrajectory, now: float, start: float | None = None) -> None:
        """Follow a trajectory of the gripper joint; as `command_arm`."""
        trajectory = trajectory.ordered(self._gripper.limits.joints)
        self._may_command(trajectory, now, start, self._gripper)
        curve = self._gripper.joined(trajectory, now, start)
        self._gripper.limits.check(curve, self._gripper.sample(now)[0])
        self._gripper.follow(curve, self._gripper.set_points(curve), now)

    def step(self, now: float) -> None:
        """Write the set points of the period that ``now`` lies in."""
        self.seam.write(self._arm.set_point(now), self._gripper.set_point(now))

    def watch(self, now: float) -> None:
        """Give up, latched, where the arm has not followed its set points for too long; call at 10 Hz or more.

        The set points go back to where the joints are: whatever is in the way is pushed no longer.
        """
        apart = self.seam.read()[: self._joint_count] - self._arm.set_point(now).positions
        # Its length is no shorter than its largest part.
        if apart @ apart <= self._fence.following**2:
            self._astray_since = None
            return
        off = np.abs(apart).max()
        if off <= self._fence.following:
            self._astray_since = None
        elif self._astray_since is None:
            self._astray_since = now
        elif now - self._astray_since >= self._fence.following_time and not self.latched:
            self.latched = (
                f"a joint is {off:.2f} rad (m) from its set point, more than {self._fence.following} for "
                f"{self._fence.following_time} s: something is in the way, or the arm has lost its power"
            )
            self._gripper.brake(now)
            self._arm.reset(self.seam.read()[: self._joint_count])
            self.step(now)

    def hold(self, now: float) -> None:
        """Bring arm and gripper to rest on their ways; commands are taken again once they do."""
        self._arm.brake(now)
        self._gripper.brake(now)

    def stop(self, now: float, why: str = "stopped") -> None:
        """Bring arm and gripper to rest on their ways and refuse every command until `release`.

        The gripper rests at the set point it had: what it holds stays held.
        """
        self.latched = self.latched or why
        self.hold(now)

    def release(self) -> None:
        """Take commands again; nothing moves before one comes."""
        self.latched = ""

    def reset(self, arm, gripper: float, now: float) -> None:
        """Forget everything, a latched stop too: the joints were put at rest at ``arm`` (J,) and ``gripper``."""
        self.latched, self._astray_since = "", None
        self._arm.reset(arm)
        self._gripper.reset([gripper])
        self.step(now)

    def _may_command(self, trajectory, now: float, start: float | None, controller: TrajectoryController) -> None:
        if self.latched:
            raise RefusedTrajectory(f"No trajectory is followed: {self.latched}. Resume first.")
        if len(trajectory.times) > MOST_POINTS:
            raise InvalidTrajectory(
                f"A trajectory has at most {MOST_POINTS} points, not {len(trajectory.times)}. Send it in parts."
            )
        controller.limits.check_points(trajectory, controller.sample(now)[0])
        if controller.moving and controller.braking:
            raise RefusedTrajectory("The joints are being brought to rest. Send the trajectory again when they are.")
        ends = trajectory.duration
        if start is not None:
            age = now - start
            if age > ends:
                raise InvalidTrajectory(
                    f"The trajectory ended {age - ends:.2f} s ago: stamp it with the present time, or with 0 to begin "
                    "when it arrives."
                )
            if not -AHEAD <= age <= OLDEST:
                raise InvalidTrajectory(
                    f"The trajectory is stamped {abs(age):.2f} s {'ago' if age > 0 else 'ahead'}; at most {OLDEST} s "
                    f"ago and {AHEAD} s ahead are taken. Compare the clocks, or stamp it with 0."
                )
            ends -= age
        if not ends <= LONGEST:
            raise InvalidTrajectory(f"A trajectory must end within {LONGEST:.0f} s, not {ends:.3g}. Send it in parts.")

    def _check_tool(self, positions: np.ndarray) -> None:
        """Refuse set points (K, J) with the tool outside its box, and farther out than it is at the first."""
        tool = self._kinematics.tool_positions(positions)
        low, high = self._fence.box.T
        over = np.maximum(tool - np.maximum(high, tool[0]), np.minimum(low, tool[0]) - tool)
        if over.max() > _CLOSE:
            where = int(np.argmax(over.max(axis=1)))
            axis = int(np.argmax(over[where]))
            raise InvalidTrajectory(
                f"The trajectory takes the tool to {np.round(tool[where], 3).tolist()} m in base_link, outside its box "
                f"in {'xyz'[axis]} [{low[axis]:g}, {high[axis]:g}]. Stay inside; the box is data of the arm."
            )
