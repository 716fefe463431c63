# SPDX-License-Identifier: Apache-2.0
"""The tabletop as a MuJoCo model: an arm from its URDF, a table with a basket, boxes, two cameras."""

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import compiled, load_spec
from unified_agent.robot.physics import mujoco
from unified_agent.state import OBJECT_SIZE

TIMESTEP = 0.004
CAMERAS = ("left", "right")
LARGEST_IMAGE = (1080, 1920)
ARM = "arm/"
"""Prefix of the arm's names in the model."""

COLOURS = {"red": (0.80, 0.10, 0.09), "green": (0.10, 0.56, 0.18), "blue": (0.10, 0.25, 0.80)}
TABLE_COLOUR = (0.60, 0.50, 0.40)
MAT_COLOUR = (0.33, 0.36, 0.40)
RIM_COLOUR = (0.80, 0.77, 0.70)

_FIELD_OF_VIEW = 50.0
_EYE = np.array([0.33, 0.38, 0.42])
"""From the middle of the basket to the left camera; the right one mirrors it."""
_LOOK_AT_HEIGHT = 0.085
_RIM_DISTANCE = (0.055, 0.075)
"""From the region of actions to the basket's rim along x and y, metres: open fingers fit between."""
_RIM_HALF_HEIGHT = 0.01
_VISIBLE, _HIDDEN = 1, 3
"""Geom groups: the renderer draws 0 to 2."""


def build(arm: Arm, objects: tuple[str, ...]) -> "mujoco.MjModel":
    """The model of the scene. The world frame is the arm's ``base_link``; the table's top is z = 0."""
    spec = mujoco.MjSpec()
    _set_options(spec)
    middle = basket_middle(arm)
    _add_lights(spec, middle)
    _add_table(spec, arm)
    for name in objects:
        _add_box(spec, name)
    for name, side in zip(CAMERAS, (1, -1), strict=True):
        eye = middle + _EYE * (1, side, 1)
        look_at = middle + np.array([0, 0, _LOOK_AT_HEIGHT])
        spec.worldbody.add_camera(name=name, pos=eye, quat=look(eye, look_at), fovy=_FIELD_OF_VIEW)
    _attach_arm(spec, arm)
    return compiled(spec, arm)


def basket_middle(arm: Arm) -> np.ndarray:
    """The middle of the basket on the table, metres in base_link, shape (3,)."""
    x_min, x_max, y_min, y_max = arm.basket
    return np.array([(x_min + x_max) / 2, (y_min + y_max) / 2, 0.0])


def _set_options(spec) -> None:
    spec.compiler.fusestatic = False
    spec.compiler.discardvisual = False
    spec.compiler.balanceinertia = True
    spec.option.timestep = TIMESTEP
    # Euler lets the stiff servos and pads ring; with implicitfast stacks stand.
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10
    getattr(spec.visual, "global").offheight, getattr(spec.visual, "global").offwidth = LARGEST_IMAGE
    # Smoothing edges would cost a software renderer two thirds of its frames.
    spec.visual.quality.offsamples = 0
    spec.visual.quality.numslices, spec.visual.quality.numstacks = 20, 8
    spec.visual.map.znear = 0.02
    spec.visual.headlight.active = 1
    spec.visual.headlight.ambient = (0.30, 0.30, 0.30)
    spec.visual.headlight.diffuse = (0.25, 0.25, 0.25)
    spec.visual.headlight.specular = (0.05, 0.05, 0.05)


def _add_lights(spec, middle) -> None:
    for position, brightness in (((0.5, 0.7, 1.5), 0.45), ((-0.2, -0.9, 1.3), 0.25)):
        spec.worldbody.add_light(
            pos=middle + position,
            dir=-np.array(position),
            type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
            diffuse=(brightness,) * 3,
            specular=(0.15,) * 3,
            castshadow=False,
        )


def _add_table(spec, arm: Arm) -> None:
    spec.add_texture(
        name="backdrop",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.78, 0.82, 0.86),
        rgb2=(0.45, 0.50, 0.56),
        width=64,
        height=384,
    )
    x_min, x_max, y_min, y_max = arm.basket
    x_half, y_half = (x_max - x_min) / 2 + _RIM_DISTANCE[0], (y_max - y_min) / 2 + _RIM_DISTANCE[1]
    middle = basket_middle(arm)
    box = mujoco.mjtGeom.mjGEOM_BOX
    reach = 2 * (middle[0] + x_half)
    spec.worldbody.add_geom(
        name="table",
        type=box,
        pos=(middle[0] / 2, middle[1], -0.025),
        size=(reach / 2, 0.3 * reach + y_half, 0.025),
        rgba=(*TABLE_COLOUR, 1),
        friction=(1.0, 0.005, 0.0001),
    )
    # The mat is paint: too thin to lie on.
    spec.worldbody.add_geom(
        name="mat",
        type=box,
        pos=middle,
        size=(x_half, y_half, 0.0006),
        rgba=(*MAT_COLOUR, 1),
        contype=0,
        conaffinity=0,
    )
    thick, half = 0.006, _RIM_HALF_HEIGHT
    for name, position, size in (
        ("rim_near", (-x_half, 0), (thick, y_half + thick)),
        ("rim_far", (x_half, 0), (thick, y_half + thick)),
        ("rim_left", (0, y_half), (x_half, thick)),
        ("rim_right", (0, -y_half), (x_half, thick)),
    ):
        spec.worldbody.add_geom(
            name=name,
            type=box,
            pos=middle + np.array([*position, half]),
            size=(*size, half),
            rgba=(*RIM_COLOUR, 1),
        )


def _add_box(spec, name: str) -> None:
    body = spec.worldbody.add_body(name=name, pos=(0, 0, OBJECT_SIZE / 2))
    body.add_freejoint(name=name)
    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=(OBJECT_SIZE / 2,) * 3,
        mass=0.08,
        rgba=(*COLOURS.get(name, (0.6, 0.6, 0.6)), 1),
        friction=(1.0, 0.005, 0.0001),
    )


def _attach_arm(spec, arm: Arm) -> None:
    child = load_spec(arm)
    for body in child.bodies:
        body.gravcomp = 1
        shown = any(geom.contype == 0 and geom.conaffinity == 0 for geom in body.geoms)
        for geom in body.geoms:
            if geom.contype == 0 and geom.conaffinity == 0:
                geom.group = _VISIBLE
                continue
            # The arm touches the table and the boxes, never itself.
            geom.contype, geom.conaffinity = 2, 1
            geom.group = _HIDDEN if shown else _VISIBLE
            if body.name in arm.fingers:
                _make_pad(geom)
    spec.attach(child, prefix=ARM, frame=spec.worldbody.add_frame())
    for joint in (*arm.joints, *arm.gripper_joints):
        spec.joint(ARM + joint).armature = 0.1
    for joint in arm.gripper_joints:
        spec.joint(ARM + joint).damping[0] = 10
    for equality in spec.equalities:
        # The URDF's <mimic>, stiff enough for the fingers to stay together.
        equality.solref = (0.01, 1)
        equality.solimp = (0.95, 0.99, 0.001, 0.5, 2)
    _add_servos(spec, arm)


def _make_pad(geom) -> None:
    # MuJoCo's default contact lets a finger sink millimetres into the box, which then creeps out.
    geom.solref = (2 * TIMESTEP, 1)
    geom.solimp = (0.95, 0.99, 0.001, 0.5, 2)
    geom.friction = (1.5, 0.02, 0.0005)
    geom.priority = 1
    geom.condim = 4


def _add_servos(spec, arm: Arm) -> None:
    for joint, kp, kv, effort in zip(arm.joints, arm.stiffness, arm.damping, arm.effort, strict=True):
        _add_servo(spec, joint, mujoco.mjtTrn.mjTRN_JOINT, kp, kv, effort)
    # One servo for all fingers: driving one and letting the others mimic it pulls the object sideways.
    tendon = spec.add_tendon(name=ARM + "gripper")
    for joint in arm.gripper_joints:
        tendon.wrap_joint(ARM + joint, 1 / len(arm.gripper_joints))
    _add_servo(spec, "gripper", mujoco.mjtTrn.mjTRN_TENDON, 2000, 60, arm.gripper_force)


def _add_servo(spec, name: str, transmission, kp: float, kv: float, force: float) -> None:
    spec.add_actuator(
        name=ARM + name,
        target=ARM + name,
        trntype=transmission,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=[kp] + [0] * 9,
        biasprm=[0, -kp, -kv] + [0] * 7,
        forcelimited=True,
        forcerange=(-force, force),
    )


def look(eye: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Quaternion (w, x, y, z) of a MuJoCo camera (looks along -z, y up) at ``eye``."""
    back = (eye - target) / np.linalg.norm(eye - target)
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right)
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.column_stack([right, np.cross(back, right), back]).ravel())
    return quaternion
