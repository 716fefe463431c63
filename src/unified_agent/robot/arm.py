# SPDX-License-Identifier: Apache-2.0
"""An arm is data: a YAML file that names what the URDF cannot say, and the URDF."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from unified_agent import paths
from unified_agent.errors import UserError, nearest


class ArmError(UserError):
    """An arm's YAML or URDF that cannot be used."""


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
        gripper_force: force (torque) limit of the grip, N (N m).
        fingers: the links that press on an object.
        arm_topic, gripper_topic: where their controllers listen for ``JointTrajectory``.
        stiffness, damping: of the simulated position servos, shape (J,).
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
    gripper_force: float
    fingers: tuple[str, ...]
    arm_topic: str
    gripper_topic: str
    stiffness: np.ndarray
    damping: np.ndarray

    @classmethod
    def load(cls, spec: str | Path) -> "Arm":
        """The arm of that name in ``config/arms/``, or of that YAML file.

        Raises:
            ArmError: unknown name, unknown or missing key, or a joint or link that the URDF does not have.
        """
        path = _find(spec)
        data = _Section(_mapping(path), str(path))
        gripper, topics, servo, basket = (data.section(key) for key in ("gripper", "topics", "servo", "basket"))
        urdf = _urdf(path, data.take("urdf"))
        joints = data.names("joints")
        gripper_joints = gripper.names("joints")
        links, limits = _links_and_limits(urdf)
        for joint in (*joints, *gripper_joints):
            if joint not in limits:
                raise ArmError(f"{path}: joint '{joint}' has no limits in {urdf.name}. {nearest(joint, limits)}")
        lower, upper, velocity, effort = (np.array(column) for column in zip(*(limits[j] for j in joints), strict=True))
        arm = cls(
            name=data.take("name"),
            urdf=urdf,
            joints=joints,
            lower=lower,
            upper=upper,
            max_velocity=velocity,
            effort=effort,
            max_acceleration=data.vector("max_acceleration", len(joints)),
            home=data.vector("home", len(joints)),
            tool_frame=data.take("tool_frame"),
            basket=(*basket.vector("x", 2).tolist(), *basket.vector("y", 2).tolist()),
            hover=data.number("hover"),
            gripper_joints=gripper_joints,
            gripper_open=gripper.number("open"),
            gripper_closed=gripper.number("closed"),
            gripper_holding=tuple(gripper.vector("holding", 2).tolist()),
            gripper_velocity=limits[gripper_joints[0]][2],
            gripper_force=gripper.number("force"),
            fingers=gripper.names("fingers"),
            arm_topic=topics.take("arm"),
            gripper_topic=topics.take("gripper"),
            stiffness=servo.vector("stiffness", len(joints)),
            damping=servo.vector("damping", len(joints)),
        )
        for section in (gripper, topics, servo, basket, data):
            section.refuse_the_rest()
        for link in (arm.tool_frame, *arm.fingers):
            if link not in links:
                raise ArmError(f"{path}: there is no link '{link}' in {urdf.name}. {nearest(link, links)}")
        if np.any(arm.home < lower) or np.any(arm.home > upper):
            raise ArmError(f"{path}: 'home' is outside the joint limits of {urdf.name}.")
        return arm

    def holding(self, gripper_position: float) -> bool:
        """Whether a gripper that was told to close, and measures this position, closed on something."""
        low, high = self.gripper_holding
        return bool(low < gripper_position < high)


class _Section:
    """A mapping of the YAML file that knows which of its keys were asked for."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._data, self._where, self._taken = data, where, set()

    def take(self, key: str) -> Any:
        self._taken.add(key)
        if key not in self._data:
            raise ArmError(f"{self._where}: key '{key}' is missing.")
        return self._data[key]

    def vector(self, key: str, size: int) -> np.ndarray:
        value = self.take(key)
        try:
            vector = np.array(value, dtype=float)
        except (TypeError, ValueError):
            vector = np.array(np.nan)
        if vector.shape != (size,) or not np.isfinite(vector).all():
            raise ArmError(f"{self._where}: '{key}' must be {size} finite numbers, not {value!r}.")
        return vector

    def number(self, key: str) -> float:
        value = self.take(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
            raise ArmError(f"{self._where}: '{key}' must be a finite number, not {value!r}.")
        return float(value)

    def names(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
            raise ArmError(f"{self._where}: '{key}' must be a list of names, not {value!r}.")
        return tuple(value)

    def section(self, key: str) -> "_Section":
        value = self.take(key)
        if not isinstance(value, Mapping):
            raise ArmError(f"{self._where}: '{key}' must be a mapping, not {value!r}.")
        return _Section(value, f"{self._where}, {key}")

    def refuse_the_rest(self) -> None:
        for key in self._data:
            if key not in self._taken:
                raise ArmError(f"{self._where}: unknown key '{key}'. {nearest(str(key), self._taken)}")


def _find(spec: str | Path) -> Path:
    if Path(spec).suffix in (".yaml", ".yml"):
        if not Path(spec).is_file():
            raise ArmError(f"There is no arm file {spec}.")
        return Path(spec)
    known = {path.stem: path for path in (paths.share() / "config" / "arms").glob("*.yaml")}
    if str(spec) not in known:
        raise ArmError(f"There is no arm '{spec}' in config/arms/. {nearest(str(spec), known)}")
    return known[str(spec)]


def _mapping(path: Path) -> Mapping[str, Any]:
    try:
        data = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ArmError(f"{path} is not YAML: {error}") from None
    if not isinstance(data, Mapping):
        raise ArmError(f"{path} must hold a mapping of keys, as config/arms/fr3.yaml does.")
    return data


def _urdf(path: Path, name: str) -> Path:
    candidates = [path.parent / name, paths.share() / "urdf" / name]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ArmError(f"{path}: there is no URDF '{name}' (looked for {' and '.join(map(str, candidates))}).")


def _links_and_limits(urdf: Path) -> tuple[Iterable[str], dict[str, tuple[float, float, float, float]]]:
    """Names of the links, and joint name -> (lower, upper, velocity, effort)."""
    try:
        root = ElementTree.parse(urdf).getroot()
    except ElementTree.ParseError as error:
        raise ArmError(f"{urdf} is not XML: {error}") from None
    limits = {}
    for joint in root.findall("joint"):
        limit = joint.find("limit")
        if limit is None:
            continue
        try:
            values = tuple(float(limit.get(key, "nan")) for key in ("lower", "upper", "velocity", "effort"))
        except ValueError as error:
            raise ArmError(f"{urdf}: limits of joint '{joint.get('name')}': {error}.") from None
        if np.isfinite(values).all():
            limits[joint.get("name")] = values
    return [link.get("name") for link in root.findall("link")], limits
