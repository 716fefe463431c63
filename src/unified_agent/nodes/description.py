# SPDX-License-Identifier: Apache-2.0
"""What RViz and Foxglove need to show an arm and its cameras: its URDF, and where the cameras are."""

import importlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
from std_msgs.msg import Header, String

from unified_agent.nodes import qos, shell
from unified_agent.nodes.qos import BASE_FRAME, Topic


class Description:
    """Tells of an arm on ``robot_description``, and of its cameras on ``/tf_static`` where ROS has tf2_msgs.

    The frames of the links are robot_state_publisher's work, as with any arm.

    Args:
        node: that tells it.
        urdf: of the arm.
    """

    def __init__(self, node: shell.AgentNode, urdf: Path):
        self._text = node.offer(qos.ROBOT_DESCRIPTION)
        self._text.publish(String(data=urdf.read_text()))
        self._type = _message_of_tf()
        self._frames = None
        if self._type is None:
            node.get_logger().info("no frames of the cameras on /tf_static: tf2_msgs is not installed")
        else:
            self._frames = node.offer(Topic(qos.TF_STATIC, self._type, qos.FACT))

    def place(self, cameras: Mapping[str, tuple[np.ndarray, np.ndarray]], time: Time) -> None:
        """Say where the cameras are from now on; see `camera_frames`."""
        if self._frames is not None:
            self._frames.publish(self._type(transforms=camera_frames(cameras, time)))


def camera_frames(cameras: Mapping[str, tuple[np.ndarray, np.ndarray]], time: Time) -> list[TransformStamped]:
    """From ``base_link`` to the optical frame of every camera.

    Args:
        cameras: name -> (position in base_link, metres, (3,); rotation from the optical frame (x right, y down, z
            forward; REP 103) to base_link, (3, 3)).
        time: from when on.
    """
    frames = []
    for name, (position, rotation) in cameras.items():
        frame = TransformStamped(header=Header(stamp=time, frame_id=BASE_FRAME), child_frame_id=qos.optical_frame(name))
        place, turn = frame.transform.translation, frame.transform.rotation
        place.x, place.y, place.z = map(float, position)
        turn.w, turn.x, turn.y, turn.z = quaternion(rotation)
        frames.append(frame)
    return frames


def quaternion(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """A rotation matrix, (3, 3), as (w, x, y, z).

    The eigenvector of the largest eigenvalue (Bar-Itzhack 2000), which no rotation makes ill-conditioned.
    """
    r = np.asarray(rotation, float)
    k = np.zeros((4, 4))
    k[:3, :3] = r + r.T - np.trace(r) * np.eye(3)
    k[3, :3] = k[:3, 3] = (r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1])
    k[3, 3] = np.trace(r)
    x, y, z, w = np.linalg.eigh(k)[1][:, -1]
    return float(w), float(x), float(y), float(z)


def _message_of_tf() -> type | None:
    try:
        return importlib.import_module("tf2_msgs.msg").TFMessage
    except ImportError:
        return None
