# SPDX-License-Identifier: Apache-2.0
"""Forward and inverse kinematics of any arm, through MuJoCo's model of its URDF."""

import xml.etree.ElementTree as ElementTree

import numpy as np

from unified_agent.errors import UserError
from unified_agent.robot.arm import Arm, ArmError
from unified_agent.robot.physics import mujoco

DOWN = np.diag([1.0, -1.0, -1.0])
"""Rotation of a tool that points down, its x axis along ``base_link``'s."""


class Unreachable(UserError):
    """A position that the tool cannot take."""


def load_spec(arm: Arm) -> "mujoco.MjSpec":
    """The arm's URDF as an MjSpec: fixed links stay bodies of their own, shapes to look at are kept.

    Raises:
        ArmError: MuJoCo cannot read it.
    """
    root = ElementTree.parse(arm.urdf).getroot()
    # MuJoCo's extension of URDF; these choices can be made only before it reads the file.
    compiler = _child(_child(root, "mujoco"), "compiler")
    for key, value in (("fusestatic", "false"), ("discardvisual", "false"), ("balanceinertia", "true")):
        compiler.set(key, value)
    compiler.set("meshdir", str(arm.urdf.parent))
    try:
        return mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"))
    except ValueError as error:
        raise ArmError(f"MuJoCo cannot read {arm.urdf}: {error}") from None


def _child(parent: ElementTree.Element, tag: str) -> ElementTree.Element:
    found = parent.find(tag)
    return ElementTree.SubElement(parent, tag) if found is None else found


class Kinematics:
    """Where the tool is for given joint positions, and the reverse.

    Positions are metres in ``base_link``; rotations are 3x3 matrices from the tool frame to ``base_link``.
    """

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self._model = load_spec(arm).compile()
        self._data = mujoco.MjData(self._model)
        joints = [self._model.joint(name) for name in arm.joints]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dofs = np.array([joint.dofadr[0] for joint in joints])
        self._tool = self._model.body(arm.tool_frame).id
        self._jacobian = np.zeros((6, self._model.nv))

    def forward(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) and rotation (3, 3) of the tool for joint positions ``q`` (J,)."""
        self._data.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._data)
        return self._data.xpos[self._tool].copy(), self._data.xmat[self._tool].reshape(3, 3).copy()

    def inverse(
        self,
        position: np.ndarray,
        seed_q: np.ndarray | None = None,
        rotation: np.ndarray = DOWN,
        tolerance: float = 1e-4,
        max_iterations: int = 60,
    ) -> np.ndarray:
        """Joint positions (J,) inside the limits that bring the tool to a pose.

        Damped least squares with a pull towards home in the null space
        (Buss, "Introduction to inverse kinematics with Jacobian transpose,
        pseudoinverse and damped least squares methods", 2004).

        Args:
            position: of the tool, shape (3,).
            seed_q: where the search starts, shape (J,); home when None.
            rotation: of the tool.
            tolerance: metres and radians.

        Raises:
            Unreachable: not finite, or not reached within the joint limits.
        """
        arm, data = self.arm, self._data
        position = np.asarray(position, dtype=float)
        if position.shape != (3,) or not np.isfinite(position).all():
            raise Unreachable(f"A position is three finite numbers in metres, not {position}.")
        q = np.array(arm.home if seed_q is None else seed_q, dtype=float)
        if not np.isfinite(q).all():
            raise Unreachable("The joint positions are not finite: the arm's state is not known.")
        for _ in range(max_iterations):
            error = self._error(q, position, rotation)
            if np.abs(error).max() < tolerance:
                return q
            mujoco.mj_comPos(self._model, data)
            mujoco.mj_jacBody(self._model, data, self._jacobian[:3], self._jacobian[3:], self._tool)
            jacobian = self._jacobian[:, self._dofs]
            pull = 0.1 * (arm.home - q)
            damped = jacobian @ jacobian.T + _DAMPING
            step = jacobian.T @ np.linalg.solve(damped, error - jacobian @ pull) + pull
            q = np.clip(q + step * min(1.0, 0.3 / np.abs(step).max()), arm.lower, arm.upper)
        miss = np.linalg.norm(self._error(q, position, rotation)[:3])
        raise Unreachable(
            f"{arm.name}'s tool cannot take the position {np.round(position, 3).tolist()} m in base_link "
            f"(nearest found is {1000 * miss:.0f} mm away). Choose a target inside the basket."
        )

    def _error(self, q: np.ndarray, position: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        """Translation and rotation vector from the tool at ``q`` to the target, in base_link, shape (6,)."""
        self._data.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._data)
        turn = rotation @ self._data.xmat[self._tool].reshape(3, 3).T
        # The rotation that is left, as sin(angle) * axis; good below 90 degrees.
        axis = 0.5 * (turn[_VEE[0]] - turn[_VEE[1]])
        return np.concatenate([position - self._data.xpos[self._tool], axis])


_DAMPING = 1e-4 * np.eye(6)
_VEE = (([2, 0, 1], [1, 2, 0]), ([1, 2, 0], [2, 0, 1]))
"""Rows and columns of a skew-symmetric matrix that hold its vector, and their negatives."""
