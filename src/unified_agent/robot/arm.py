# SPDX-License-Identifier: Apache-2.0
"""An arm is data: a YAML file that names what the URDF cannot say, and the URDF."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unified_agent import paths
from unified_agent.documents import BadDocument, read_text, shown, yaml_of
from unified_agent.errors import UserError, nearest
from unified_agent.robot.urdf import UrdfError, links_and_limits, read

_MOST_NAMES, _LARGEST = 64, 1e6


class ArmError(UserError):
    """An arm's YAML or URDF that cannot be used."""


@dataclass(frozen=True)
class Pace:
    """How fast the agent's own motions are, and when one has arrived or is blocked.

    Attributes:
        speed_scale: in (0, 1]: speeds are multiplied by it, accelerations by its square.
        across, vertical: top speed (m/s) and acceleration (m/s^2) of the tool along the table, and up and down.
        share: of the joints' velocity and acceleration limits that motions use, in (0, 1).
        stop_time: seconds; no joint moves faster than it can be braked in this time.
        grip: mean speed of a grip, of the gripper's limit; the middle of a smooth travel is 1.5 times as fast.
        settle: seconds that a grip is given at its end.
        arrived: distance of a joint from a move's end within which the next move may begin, rad (m where it slides).
        blocked: tracking error on a guarded move that means something is in the way; more than ``arrived``.
        overdue: seconds that an arm may be late at a move's end before the motion is given up.
    """

    speed_scale: float
    across: tuple[float, float]
    vertical: tuple[float, float]
    share: float
    stop_time: float
    grip: float
    settle: float
    arrived: float
    blocked: float
    overdue: float


@dataclass(frozen=True)
class Fence:
    """What the guard holds an arm inside, besides the joints' limits.

    Attributes:
        margin: the soft position limits lie this far inside the URDF's, rad (m where a joint slides).
        box: where the tool may be, (3, 2): low and high of x, y, z in ``base_link``, metres. Its low z is the floor.
        joining: a trajectory that has begun must pass this close to the joints' set points, rad (m).
        following: measured joints farther than this from their set points, rad (m), ...
        following_time: ... for so many seconds, stop the arm.
    """

    margin: float
    box: np.ndarray
    joining: float
    following: float
    following_time: float


@dataclass(frozen=True)
class Arm:
    """One arm with its gripper. Metres, radians, seconds; J is the number of arm joints.

    Attributes:
        name: what ``arm:=`` calls it.
        urdf: path of the URDF; its root link is, or is fixed to, ``base_link``.
        joints: names of the arm's J joints, base to tool.
        lower, upper, max_velocity, effort: the URDF's limits, shape (J,).
        max_acceleration: rad/s^2, shape (J,).
        home: joint positions with the tool pointing down above the basket, shape (J,).
        tool_frame: the link between the fingers; its z axis points out of the hand.
        basket: (x_min, x_max, y_min, y_max) in ``base_link``: where objects lie and actions point.
        hover: height of the tool above the table while it travels.
        gripper_joints: all move to the same position; the first is the one that is commanded.
        gripper_open, gripper_closed: positions of the gripper joints.
        gripper_holding: a closed gripper that stopped between these two positions holds something.
        gripper_velocity: the URDF's limit, m/s (rad/s for a jaw that turns).
        gripper_acceleration: of the gripper joints, m/s^2 (rad/s^2).
        gripper_force: force (torque) limit of the grip, N (N m).
        fingers: the links that press on an object.
        arm_topic, gripper_topic: where their controllers listen for ``JointTrajectory``.
        stiffness, damping: of the simulated position servos, shape (J,).
        pace: of the agent's own motions.
        fence: what the guard refuses to leave.
    """

    name: str
    urdf: Path
    joints: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    max_velocity: np.ndarray
    effort: np.ndarray
    max_acceleration: np.ndarray
    home: np.ndarray
    tool_frame: str
    basket: tuple[float, float, float, float]
    hover: float
    gripper_joints: tuple[str, ...]
    gripper_open: float
    gripper_closed: float
    gripper_holding: tuple[float, float]
    gripper_velocity: float
    gripper_acceleration: float
    gripper_force: float
    fingers: tuple[str, ...]
    arm_topic: str
    gripper_topic: str
    stiffness: np.ndarray
    damping: np.ndarray
    pace: Pace
    fence: Fence

    @classmethod
    def load(cls, spec: str | Path) -> "Arm":
        """The arm of that name in ``config/arms/``, or of that YAML file.

        Raises:
            ArmError: unknown name, unknown or missing key, or a joint or link that the URDF does not have.
        """
        path = _find(spec)
        data = _Section(_mapping(path), str(path))
        gripper, topics, servo, basket = (data.section(key) for key in ("gripper", "topics", "servo", "basket"))
        motion, guard = data.section("motion"), data.section("guard")
        urdf = _urdf(path, data.name("urdf"))
        joints = data.names("joints")
        gripper_joints = gripper.names("joints")
        try:
            links, limits = links_and_limits(read(urdf), urdf)
        except (UrdfError, BadDocument) as error:
            raise ArmError(str(error)) from None
        for joint in (*joints, *gripper_joints):
            if joint not in limits:
                raise ArmError(f"{path}: joint '{joint}' has no limits in {urdf.name}. {nearest(joint, limits)}")
        lower, upper, velocity, effort = (np.array(column) for column in zip(*(limits[j] for j in joints), strict=True))
        arm = cls(
            name=data.name("name"),
            urdf=urdf,
            joints=joints,
            lower=lower,
            upper=upper,
            max_velocity=velocity,
            effort=effort,
            max_acceleration=data.vector("max_acceleration", len(joints)),
            home=data.vector("home", len(joints)),
            tool_frame=data.name("tool_frame"),
            basket=(*basket.span("x"), *basket.span("y")),
            hover=data.positive("hover"),
            gripper_joints=gripper_joints,
            gripper_open=gripper.number("open"),
            gripper_closed=gripper.number("closed"),
            gripper_holding=gripper.span("holding"),
            gripper_velocity=limits[gripper_joints[0]][2],
            gripper_acceleration=gripper.positive("max_acceleration"),
            gripper_force=gripper.positive("force"),
            fingers=gripper.names("fingers"),
            arm_topic=topics.topic("arm"),
            gripper_topic=topics.topic("gripper"),
            stiffness=servo.vector("stiffness", len(joints)),
            damping=servo.vector("damping", len(joints)),
            pace=_pace(motion),
            fence=_fence(guard),
        )
        for section in (gripper, topics, servo, basket, motion, guard, data):
            section.refuse_the_rest()
        for link in (arm.tool_frame, *arm.fingers):
            if link not in links:
                raise ArmError(f"{path}: there is no link '{link}' in {urdf.name}. {nearest(link, links)}")
        if np.any(arm.max_acceleration <= 0):
            raise ArmError(f"{path}: 'max_acceleration' must be above 0, not {arm.max_acceleration.tolist()}.")
        if np.any(arm.stiffness <= 0) or np.any(arm.damping < 0):
            raise ArmError(f"{path}: 'stiffness' must be above 0, and 'damping' 0 or more.")
        low, high = arm.soft_limits
        if np.any(arm.home < low) or np.any(arm.home > high):
            raise ArmError(
                f"{path}: 'home' is outside the joint limits of {urdf.name} (less the guard's margin of "
                f"{arm.fence.margin}). Move it inside."
            )
        return arm

    @property
    def soft_limits(self) -> tuple[np.ndarray, np.ndarray]:
        """The position limits that commands are held to, each (J,): the URDF's less the margin."""
        return self.lower + self.fence.margin, self.upper - self.fence.margin

    def holding(self, gripper_position: float) -> bool:
        """Whether a gripper that was told to close, and measures this position, closed on something."""
        low, high = self.gripper_holding
        return bool(low < gripper_position < high)


class _Section:
    """A mapping of the YAML file that knows which of its keys were asked for."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._data, self.where, self._taken = data, where, set()

    def take(self, key: str) -> Any:
        self._taken.add(key)
        if key not in self._data:
            raise ArmError(f"{self.where}: key '{key}' is missing.")
        return self._data[key]

    def vector(self, key: str, size: int) -> np.ndarray:
        value = self.take(key)
        if not isinstance(value, list) or len(value) != size or not all(map(_is_number, value)):
            raise ArmError(f"{self.where}: '{key}' must be {size} finite numbers, not {_said(value)}.")
        return np.array(value, dtype=float)

    def number(self, key: str) -> float:
        value = self.take(key)
        if not _is_number(value):
            raise ArmError(f"{self.where}: '{key}' must be a finite number, not {_said(value)}.")
        return float(value)

    def positive(self, key: str, most: float = np.inf) -> float:
        value = self.number(key)
        if not 0.0 < value <= most:
            raise ArmError(f"{self.where}: '{key}' must lie above 0 and be at most {most:g}, not {value:g}.")
        return value

    def span(self, key: str) -> tuple[float, float]:
        """Two numbers, low and high."""
        low, high = self.vector(key, 2).tolist()
        if low >= high:
            raise ArmError(f"{self.where}: '{key}' is [low, high] with low below high, not [{low:g}, {high:g}].")
        return low, high

    def speed(self, key: str) -> tuple[float, float]:
        """A speed and an acceleration."""
        speed, acceleration = self.vector(key, 2).tolist()
        if min(speed, acceleration) <= 0.0:
            raise ArmError(f"{self.where}: '{key}' is [speed, acceleration], both above 0.")
        return speed, acceleration

    def names(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if not isinstance(value, list) or not 0 < len(value) <= _MOST_NAMES or not all(map(_is_name, value)):
            raise ArmError(f"{self.where}: '{key}' must be a list of names, not {_said(value)}.")
        if len(set(value)) < len(value):
            raise ArmError(f"{self.where}: '{key}' names one thing twice: {_said(value)}.")
        return tuple(value)

    def name(self, key: str) -> str:
        value = self.take(key)
        if not _is_name(value):
            raise ArmError(f"{self.where}: '{key}' must be a name, not {_said(value)}.")
        return value

    def topic(self, key: str) -> str:
        value = self.name(key)
        if not re.fullmatch(r"[~/]?/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", value, re.ASCII):
            raise ArmError(f"{self.where}: '{key}' must be the name of a topic, not {_said(value)}.")
        return value

    def section(self, key: str) -> "_Section":
        value = self.take(key)
        if not isinstance(value, Mapping):
            raise ArmError(f"{self.where}: '{key}' must be a mapping, not {_said(value)}.")
        return _Section(value, f"{self.where}, {key}")

    def refuse_the_rest(self) -> None:
        for key in self._data:
            if key not in self._taken:
                raise ArmError(f"{self.where}: unknown key '{str(key)[:80]}'. {nearest(str(key)[:80], self._taken)}")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < _LARGEST


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def _said(value: Any) -> str:
    return repr(value) if isinstance(value, list) and len(repr(value)) < 200 else shown(value)


def _pace(motion: _Section) -> Pace:
    pace = Pace(
        speed_scale=motion.positive("speed_scale", 1.0),
        across=motion.speed("across"),
        vertical=motion.speed("vertical"),
        share=motion.positive("share", 0.95),
        stop_time=motion.positive("stop_time"),
        grip=motion.positive("grip", 0.66),
        settle=motion.positive("settle"),
        arrived=motion.positive("arrived"),
        blocked=motion.positive("blocked"),
        overdue=motion.positive("overdue"),
    )
    if pace.arrived >= pace.blocked:
        raise ArmError(
            f"{motion.where}: 'arrived' ({pace.arrived}) must be below 'blocked' ({pace.blocked}): a guarded move that "
            "began farther off than it may lag would be given up at once."
        )
    return pace


def _fence(guard: _Section) -> Fence:
    box = guard.section("box")
    fence = Fence(
        margin=guard.positive("margin"),
        box=np.array([box.span(axis) for axis in "xyz"]),
        joining=guard.positive("joining"),
        following=guard.positive("following"),
        following_time=guard.positive("following_time"),
    )
    box.refuse_the_rest()
    return fence


def _find(spec: str | Path) -> Path:
    if Path(spec).suffix in (".yaml", ".yml"):
        return Path(spec)
    known = {path.stem: path for path in (paths.share() / "config" / "arms").glob("*.yaml")}
    if str(spec) not in known:
        raise ArmError(f"There is no arm {shown(str(spec))} in config/arms/. {nearest(str(spec)[:80], known)}")
    return known[str(spec)]


def _mapping(path: Path) -> Mapping[str, Any]:
    try:
        data = yaml_of(read_text(path), str(path))
    except BadDocument as error:
        raise ArmError(str(error)) from None
    if not isinstance(data, Mapping):
        raise ArmError(f"{path} must hold a mapping of keys, as those in config/arms/ do.")
    return data


def _urdf(path: Path, name: str) -> Path:
    folders = [path.parent, paths.share() / "urdf"]
    for folder in folders:
        try:
            # As it is named, if inside: a link to it would move the meshes.
            paths.inside(folder, name)
            if (folder / name).is_file():
                return folder / name
        except (UserError, OSError):
            continue
    raise ArmError(f"{path}: there is no URDF {shown(name)} in {' or '.join(map(str, folders))}.")
