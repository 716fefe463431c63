# SPDX-License-Identifier: Apache-2.0
"""Forward and inverse kinematics of any arm, through MuJoCo's model of its URDF."""

import math
import xml.etree.ElementTree as ElementTree

import numpy as np

from unified_agent.errors import UserError
from unified_agent.robot import urdf
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
    root = urdf.read(arm.urdf)
    # MuJoCo's extension of URDF; these choices can be made only before it reads the file.
    compiler = _child(_child(root, "mujoco"), "compiler")
    for key, value in (("fusestatic", "false"), ("discardvisual", "false"), ("balanceinertia", "true")):
        compiler.set(key, value)
    for other in root.iter("compiler"):
        other.set("meshdir", str(arm.urdf.parent.resolve()))
        other.set("strippath", "false")
    try:
        return mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding="unicode"))
    except (ValueError, RuntimeError, mujoco.FatalError) as error:
        raise ArmError(f"MuJoCo cannot read {arm.urdf}: {_line(error)}") from None


def compiled(spec: "mujoco.MjSpec", arm: Arm) -> "mujoco.MjModel":
    """The model of a spec that holds the arm.

    Raises:
        ArmError: MuJoCo cannot make one of it.
    """
    try:
        return spec.compile()
    except (ValueError, RuntimeError, mujoco.FatalError) as error:
        raise ArmError(f"MuJoCo cannot make a model of {arm.urdf}: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _child(parent: ElementTree.Element, tag: str) -> ElementTree.Element:
    found = parent.find(tag)
    return ElementTree.SubElement(parent, tag) if found is None else found


class Kinematics:
    """Where the tool is for given joint positions, and the reverse.

    Positions are metres in ``base_link``; rotations are 3x3 matrices from the tool frame to ``base_link``.
    """

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self._model = compiled(load_spec(arm), arm)
        self._data = mujoco.MjData(self._model)
        try:
            joints = [self._model.joint(name) for name in arm.joints]
            self._tool = self._model.body(arm.tool_frame).id
        except KeyError as error:
            raise ArmError(f"In {arm.urdf} a joint does not move, or a link is the base: {_line(error)}") from None
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dofs = np.array([joint.dofadr[0] for joint in joints])
        self._jacobian = np.zeros((6, self._model.nv))
        self._chain, self._tip = _chain(self._model, self._data, joints, self._tool)

    def forward(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) and rotation (3, 3) of the tool for joint positions ``q`` (J,)."""
        self._data.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._data)
        return self._data.xpos[self._tool].copy(), self._data.xmat[self._tool].reshape(3, 3).copy()

    def tool_positions(self, q: np.ndarray) -> np.ndarray:
        """Positions of the tool, shape (K, 3), for many joint positions, shape (K, J); all at once, so cheaper."""
        cosines, sines = np.cos(q), np.sin(q)
        points = np.broadcast_to(self._tip, (len(q), 3))
        for joint in reversed(range(len(self._chain))):
            rotation, translation, slides = self._chain[joint]
            moved = np.array(points)
            if slides:
                moved[:, 2] += q[:, joint]
            else:
                c, s = cosines[:, joint], sines[:, joint]
                moved[:, 0] = c * points[:, 0] - s * points[:, 1]
                moved[:, 1] = s * points[:, 0] + c * points[:, 1]
            points = moved @ rotation + translation
        return points

    def inverse(
        self,
        position: np.ndarray,
        seed_q: np.ndarray | None = None,
        rotation: np.ndarray = DOWN,
        tolerance: float = 1e-4,
        max_iterations: int = 60,
    ) -> np.ndarray:
        """Joint positions (J,) inside the soft limits that bring the tool to a pose.

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
        lower, upper = arm.soft_limits
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
            q = np.minimum(np.maximum(q + step * min(1.0, 0.3 / np.abs(step).max()), lower), upper)
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
        return np.concatenate([position - self._data.xpos[self._tool], rotation_vector(turn)])


def rotation_vector(rotation: np.ndarray) -> np.ndarray:
    """Axis times angle in [0, pi] of a rotation matrix, shape (3,): its logarithm.

    Half a turn, where the sine of the angle vanishes, has the axis of R + 1 = 2 axis axis^T.
    """
    sine_axis = 0.5 * (rotation[_VEE[0]] - rotation[_VEE[1]])
    trace = rotation[0, 0] + rotation[1, 1] + rotation[2, 2]
    sine, cosine = math.sqrt(sine_axis @ sine_axis), 0.5 * (trace - 1.0)
    if sine > 1e-6:
        return sine_axis * (math.atan2(sine, cosine) / sine)
    if cosine > 0.0:
        return sine_axis
    outer = 0.5 * (rotation + np.eye(3))
    axis = outer[:, np.argmax(np.diag(outer))]
    return math.pi * axis / np.linalg.norm(axis)


def _chain(model, data, joints, tool: int) -> tuple[list[tuple[np.ndarray, np.ndarray, bool]], np.ndarray]:
    """For each joint, base to tool: what takes a point from its frame to the one before, and whether it slides.

    A joint's frame has its z axis along the joint's; a point p becomes p @ rotation + translation. With it comes the
    tool in the last joint's frame, (3,).
    """
    data.qpos[:] = 0.0
    mujoco.mj_kinematics(model, data)
    chain, position, turn = [], np.zeros(3), np.eye(3)
    for joint in joints:
        z = data.xaxis[joint.id]
        x = np.cross(z, np.eye(3)[np.argmin(np.abs(z))])
        x /= np.linalg.norm(x)
        axes = np.column_stack([x, np.cross(z, x), z])
        anchor = data.xanchor[joint.id]
        slides = model.jnt_type[joint.id] == mujoco.mjtJoint.mjJNT_SLIDE
        chain.append(((turn.T @ axes).T, turn.T @ (anchor - position), bool(slides)))
        position, turn = anchor.copy(), axes
    return chain, turn.T @ (data.xpos[tool] - position)


_DAMPING = 1e-4 * np.eye(6)
_VEE = (([2, 0, 1], [1, 2, 0]), ([1, 2, 0], [2, 0, 1]))
"""Rows and columns of a skew-symmetric matrix that hold its vector, and their negatives."""
