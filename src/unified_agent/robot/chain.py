# SPDX-License-Identifier: Apache-2.0
"""Where the tool was, from a URDF alone: forward kinematics for whoever only reads what an arm did."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import numpy as np

from unified_agent.robot.arm import Arm, ArmError


@dataclass(frozen=True)
class _Link:
    """A joint of the chain: its frame in the one before (4, 4), its axis (3,), and its place among the arm's joints.

    ``index`` is None for a joint that does not move, or is none of the arm's (it is taken at 0).
    """

    origin: np.ndarray
    axis: np.ndarray
    index: int | None
    slides: bool


class ToolChain:
    """The joints from ``base_link`` to the tool.

    Args:
        arm: its data.

    Raises:
        ArmError: the URDF has no chain of joints that ends at the tool.
    """

    def __init__(self, arm: Arm):
        root = ElementTree.parse(arm.urdf).getroot()
        above = {_text(joint, "child", "link"): joint for joint in root.findall("joint")}
        chain, link, seen = [], arm.tool_frame, set()
        while link in above:
            if link in seen:
                raise ArmError(f"{arm.urdf}: the link '{link}' is above itself.")
            seen.add(link)
            chain.append(_link(above[link], arm))
            link = _text(above[link], "parent", "link")
        self._chain = chain[::-1]
        moved = {link.index for link in self._chain} - {None}
        if missing := [name for index, name in enumerate(arm.joints) if index not in moved]:
            raise ArmError(f"{arm.urdf}: the joint(s) {', '.join(missing)} do not move '{arm.tool_frame}'.")

    def positions(self, q: np.ndarray) -> np.ndarray:
        """Of the tool in ``base_link``, metres, (N, 3), for joint positions (N, J)."""
        pose = np.broadcast_to(np.eye(4), (len(q), 4, 4))
        for link in self._chain:
            pose = pose @ link.origin
            if link.index is not None:
                pose = pose @ _moved(link, q[:, link.index])
        return pose[:, :3, 3]


def _link(joint: ElementTree.Element, arm: Arm) -> _Link:
    kind, name = joint.get("type", ""), joint.get("name", "")
    origin, axis = joint.find("origin"), joint.find("axis")
    xyz = _vector(origin, "xyz", (0.0, 0.0, 0.0), arm)
    rpy = _vector(origin, "rpy", (0.0, 0.0, 0.0), arm)
    along = _vector(axis, "xyz", (1.0, 0.0, 0.0), arm)
    if not np.linalg.norm(along):
        raise ArmError(f"{arm.urdf}: the axis of the joint '{name}' has no direction.")
    frame = np.eye(4)
    frame[:3, :3] = _rotation(rpy)
    frame[:3, 3] = xyz
    index = arm.joints.index(name) if name in arm.joints else None
    return _Link(frame, along / np.linalg.norm(along), index, kind == "prismatic")


def _moved(link: _Link, q: np.ndarray) -> np.ndarray:
    """What a joint's position does to the frame after it, (N, 4, 4); Rodrigues' formula."""
    pose = np.tile(np.eye(4), (len(q), 1, 1))
    if link.slides:
        pose[:, :3, 3] = q[:, None] * link.axis
        return pose
    x, y, z = link.axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    pose[:, :3, :3] += np.sin(q)[:, None, None] * cross + (1.0 - np.cos(q))[:, None, None] * (cross @ cross)
    return pose


def _rotation(rpy: np.ndarray) -> np.ndarray:
    """Of roll, pitch and yaw about fixed axes, as URDF has them."""
    (cr, cp, cy), (sr, sp, sy) = np.cos(rpy), np.sin(rpy)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def _vector(element: ElementTree.Element | None, key: str, default: tuple[float, ...], arm: Arm) -> np.ndarray:
    text = None if element is None else element.get(key)
    try:
        vector = np.array(default if text is None else text.split(), dtype=float)
    except ValueError:
        vector = np.array(np.nan)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ArmError(f"{arm.urdf}: expected three finite numbers, not {key}='{text}'.")
    return vector


def _text(joint: ElementTree.Element, child: str, key: str) -> str:
    element = joint.find(child)
    return "" if element is None else element.get(key, "")
