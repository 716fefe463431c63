# SPDX-License-Identifier: Apache-2.0
"""The simulated joint servos: MuJoCo's side of the seam under motion."""

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.physics import mujoco
from unified_agent.robot.seam import SetPoint


class Servos:
    """Position servos whose set points stand for one control period each.

    A servo's torque is stiffness (u - q) - damping dq/dt. To follow q(t) it is given u = q + damping / stiffness dq/dt +
    M d2q/dt2 / stiffness at the middle of the period, M the inertia of the arm in its present pose.

    Args:
        arm: its data.
        model, data: of the scene.
        qpos, dofs: of the arm's and then the gripper's joints in them.
        period: seconds.
    """

    def __init__(self, arm: Arm, model, data, qpos: np.ndarray, dofs: np.ndarray, period: float) -> None:
        self._model, self._data, self._half = model, data, 0.5 * period
        count = len(arm.joints)
        self._read, self._dofs, self._arm = qpos[: count + 1], dofs[:count], slice(0, count)
        self._lag, self._compliance = arm.damping / arm.stiffness, 1 / arm.stiffness
        self._acceleration, self._force = np.zeros(model.nv), np.zeros(model.nv)

    def read(self) -> np.ndarray:
        """Measured positions of the arm's joints and of the first gripper joint, shape (J + 1,)."""
        return self._data.qpos[self._read]

    def write(self, arm: SetPoint, gripper: SetPoint) -> None:
        """Take these set points for the period that begins."""
        position, velocity, acceleration = arm
        middle = velocity + self._half * acceleration
        target = position + self._half * velocity + self._lag * middle
        if acceleration.any():
            self._acceleration[self._dofs] = acceleration
            mujoco.mj_mulM(self._model, self._data, self._force, self._acceleration)
            target += self._compliance * self._force[self._dofs]
        self._data.ctrl[self._arm] = target
        self._data.ctrl[-1] = gripper.positions[0]
