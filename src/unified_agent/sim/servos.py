# SPDX-License-Identifier: Apache-2.0
"""The simulated joint servos: MuJoCo's side of the seam under motion."""

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.physics import mujoco
from unified_agent.robot.seam import SetPoint


class Servos:
    """Position servos whose set points stand for one control period each.

    A servo's torque is stiffness (u - q) - damping dq/dt. To follow q(t) it is given, at the middle of the period,
    u = q + damping / stiffness dq/dt + M d2q/dt2 / stiffness, M the inertia of the arm in its present pose.

    Args:
        arm: its data.
        model, data: of the scene.
        qpos, dofs: of the arm's and then the gripper's joints in them.
        period: seconds.
    """

    def __init__(self, arm: Arm, model, data, qpos: np.ndarray, dofs: np.ndarray, period: float) -> None:
        self._model, self._data = model, data
        # Views of the data, made once.
        self._qpos, self._ctrl = data.qpos, data.ctrl
        count = len(arm.joints)
        self._read, self._dofs = qpos[: count + 1], dofs[:count]
        self._arm = self._ctrl[:count]
        lag, half = arm.damping / arm.stiffness, 0.5 * period
        self._per_velocity, self._per_acceleration, self._per_force = half + lag, half * lag, 1 / arm.stiffness
        self._last: SetPoint | None = None
        self._acceleration, self._force = np.zeros(model.nv), np.zeros(model.nv)

    def read(self) -> np.ndarray:
        """Measured positions of the arm's joints and of the first gripper joint, shape (J + 1,)."""
        return self._qpos[self._read]

    def write(self, arm: SetPoint, gripper: SetPoint) -> None:
        """Take these set points for the period that begins."""
        self._ctrl[-1] = gripper.positions[0]
        if arm is self._last:
            return
        self._last = arm
        self._acceleration[self._dofs] = arm.accelerations
        mujoco.mj_mulM(self._model, self._data, self._force, self._acceleration)
        target = self._force[self._dofs]
        target *= self._per_force
        target += self._per_velocity * arm.velocities
        target += self._per_acceleration * arm.accelerations
        target += arm.positions
        self._arm[:] = target
