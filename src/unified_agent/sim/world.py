# SPDX-License-Identifier: Apache-2.0
"""The one world: an arm over a basket with boxes, in MuJoCo."""

import math
from collections.abc import Sequence

import numpy as np

from unified_agent.errors import UserError, nearest
from unified_agent.language.subgoals import OBJECTS, SubGoal
from unified_agent.robot.arm import Arm
from unified_agent.robot.guard import Guard
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.motions import Move
from unified_agent.robot.physics import mujoco
from unified_agent.robot.runner import MotionRunner
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory
from unified_agent.sim import layouts, scene
from unified_agent.sim.camera import PinholeCamera, SceneCameras
from unified_agent.sim.randomisation import Randomisation
from unified_agent.sim.servos import Servos
from unified_agent.sim.truth import Truth
from unified_agent.state import State

CONTROL_STEPS = 5
"""Physics steps between two set points of the joint servos: 50 Hz."""
_WATCH_PERIODS = 10
"""Control periods between two looks at whether the arm follows."""


class World:
    """An arm on a table, driven through the same trajectories, and behind the same guard, as a real one.

    Rendering must happen in the thread that renders first: an OpenGL context belongs to its thread.

    Args:
        arm: its data.
        objects: names of the boxes; a colour's name colours its box.
        camera_size: (height, width) of the images in pixels.
        randomise: vary lights, cameras and colours at every reset.
        seed: of the starts and of the randomisation.

    Attributes:
        timestep: seconds of a physics step.
        cameras: names of the cameras.
        guard: between every trajectory and the arm's servos.
    """

    timestep = scene.TIMESTEP
    cameras = scene.CAMERAS

    def __init__(
        self,
        arm: Arm,
        objects: tuple[str, ...] = OBJECTS,
        camera_size: tuple[int, int] = (128, 128),
        randomise: bool = False,
        seed: int = 0,
    ) -> None:
        self.arm, self.objects = arm, tuple(objects)
        self.model = scene.build(arm, self.objects)
        self.data = mujoco.MjData(self.model)
        self._kinematics = Kinematics(arm)
        self._truth = Truth(self.model, self.data, arm.fingers, self.objects)
        self._cameras = SceneCameras(self.model, self.data, camera_size)
        self._randomisation = Randomisation(self.model) if randomise else None
        self._rng = np.random.default_rng(seed)
        joints = [self.model.joint(scene.ARM + name) for name in (*arm.joints, *arm.gripper_joints)]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._arm_qpos = self._qpos[: len(arm.joints)]
        self._dofs = np.array([joint.dofadr[0] for joint in joints])
        self._free = {name: self.model.joint(name) for name in self.objects}
        self._body = {name: self.model.body(name).id for name in self.objects}
        period = CONTROL_STEPS * self.timestep
        servos = Servos(arm, self.model, self.data, self._qpos, self._dofs, period)
        self.guard = Guard(arm, self._kinematics, servos, period)
        self.reset()

    @property
    def time(self) -> float:
        """Seconds since the reset."""
        return self.data.time

    def reset(self, seed: int | None = None, layout: Sequence[Sequence[str]] | None = None) -> State:
        """A new random start, the arm at home with its gripper open.

        Args:
            seed: makes this start, and those after it, come again.
            layout: stacks, each from the bottom to the top; every object alone on the table when None.

        Raises:
            UserError: a layout that does not name every object once.
        """
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        layout = [(name,) for name in self.objects] if layout is None else layout
        if sorted(name for stack in layout for name in stack) != sorted(self.objects):
            raise UserError(f"A layout names each of {list(self.objects)} once, not {layout}.")
        mujoco.mj_resetData(self.model, self.data)
        if self._randomisation:
            self._randomisation.draw(self._rng)
        poses = layouts.draw(self._rng, self.arm.basket, layout)
        for name, (position, quaternion) in poses.items():
            self.place_object(name, position, quaternion)
        self.set_joints(self.arm.home, self.arm.gripper_open)
        return self.state()

    def step(self, n: int = 1) -> None:
        """Advance by ``n`` physics steps, the controllers setting the servos at their own rate."""
        while n > 0:
            tick = round(self.data.time / self.timestep)
            phase = tick % CONTROL_STEPS
            if phase == 0:
                if tick % (_WATCH_PERIODS * CONTROL_STEPS) == 0:
                    self.guard.watch(self.data.time)
                if self.guard.moving:
                    self.guard.step(self.data.time)
            burst = min(n, CONTROL_STEPS - phase)
            self._advance(burst)
            n -= burst

    def _advance(self, n: int) -> None:
        mujoco.mj_step(self.model, self.data, nstep=n)

    def command_arm(self, trajectory: JointTrajectory, start: float | None = None) -> None:
        """Follow a trajectory of the arm's joints, if the guard lets it pass (see ``Guard``)."""
        self.guard.command_arm(trajectory, self.time, start)

    def command_gripper(self, trajectory: JointTrajectory, start: float | None = None) -> None:
        """Follow a trajectory of the first gripper joint, if the guard lets it pass."""
        self.guard.command_gripper(trajectory, self.time, start)

    def begin(self, move: Move) -> None:
        """Follow the trajectory of a move, with the arm or with the gripper."""
        (self.command_gripper if move.gripper else self.command_arm)(move.trajectory)

    def carry_on(self, runner: MotionRunner) -> None:
        """Begin the moves of a motion that are due; one that the guard refuses ends it, with the arm at rest."""
        try:
            for move in runner.step(self.time, self.arm_positions):
                self.begin(move)
        except InvalidTrajectory as error:
            self.hold()
            runner.give_up(str(error))

    def release(self) -> None:
        """Let the guard take commands again, whatever it had stopped for."""
        self.guard.release()

    def periods(self, seconds: float) -> int:
        """Whole control periods that last at least so long; at least one."""
        return max(1, math.ceil(seconds / (CONTROL_STEPS * self.timestep) - 1e-6))

    def hold(self) -> None:
        """Bring arm and gripper to rest on their ways; what is held stays held."""
        self.guard.hold(self.time)

    def state(self) -> State:
        """True positions of the objects, and the tool and grip that follow from the measured joints."""
        measured = self.data.qpos[self._qpos]
        arms = len(self.arm.joints)
        tool, _ = self._kinematics.forward(measured[:arms])
        objects = {name: self.data.xpos[body].copy() for name, body in self._body.items()}
        return State(objects=objects, tool=tool, holding=self.arm.holding(measured[arms]))

    @property
    def arm_positions(self) -> np.ndarray:
        """Measured positions of the arm's joints, shape (J,)."""
        return self.data.qpos[self._arm_qpos]

    @property
    def gripper_position(self) -> float:
        """Measured position of the first gripper joint."""
        return float(self.data.qpos[self._qpos[len(self.arm.joints)]])

    def joint_state(self) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]:
        """Names, and measured positions, velocities and efforts, of the arm's and then the gripper's joints."""
        names = (*self.arm.joints, *self.arm.gripper_joints)
        data = self.data
        return names, data.qpos[self._qpos], data.qvel[self._dofs], data.qfrc_actuator[self._dofs]

    def object_pose(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) in metres and quaternion (w, x, y, z) of an object in base_link."""
        body = self._body[self._known(name)]
        return self.data.xpos[body].copy(), self.data.xquat[body].copy()

    def holds(self, subgoal: SubGoal) -> bool | None:
        """Whether a sub-goal is true now; None where it is in between (see ``Truth``)."""
        for name in filter(None, (subgoal.subject, subgoal.support)):
            self._known(name)
        return self._truth.holds(subgoal)

    def place_object(self, name: str, position, quaternion=(1.0, 0.0, 0.0, 0.0)) -> None:
        """Put an object, at rest, at a position (metres, base_link) and orientation (w, x, y, z)."""
        pose = np.concatenate([position, quaternion]).astype(float)
        if pose.shape != (7,) or not np.isfinite(pose).all() or not np.any(pose[3:]):
            raise UserError(f"A pose is three finite numbers in metres and a quaternion, not {pose}.")
        joint = self._free[self._known(name)]
        joint_data = self.data.joint(name)
        joint_data.qpos[:] = pose
        joint_data.qvel[:] = 0
        self.data.qacc_warmstart[joint.dofadr[0] : joint.dofadr[0] + 6] = 0
        mujoco.mj_forward(self.model, self.data)

    def set_joints(self, q, gripper: float) -> None:
        """Put the arm (J,) and the gripper, at rest, at these joint positions without moving there."""
        fingers = [gripper] * len(self.arm.gripper_joints)
        self.data.qpos[self._qpos] = np.concatenate([q, fingers])
        self.data.qvel[self._dofs] = 0
        mujoco.mj_forward(self.model, self.data)
        self.guard.reset(q, gripper, self.time)

    def render(self, camera: str, size: tuple[int, int] | None = None) -> np.ndarray:
        """What a camera sees: RGB, uint8, (height, width, 3); ``size`` other than the world's if given."""
        return self._cameras.render(camera, size)

    def camera_info(self, camera: str, size: tuple[int, int] | None = None) -> PinholeCamera:
        """A camera's intrinsics for that size of image, and where it is."""
        return self._cameras.info(camera, size)

    def close(self) -> None:
        """Free the renderers; in the thread that rendered."""
        self._cameras.close()

    def _known(self, name: str) -> str:
        if name not in self._body:
            raise UserError(f"There is no object '{name}' in this world. {nearest(name, self._body)}")
        return name
