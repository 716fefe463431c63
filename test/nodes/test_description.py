# SPDX-License-Identifier: Apache-2.0
import importlib.util

import numpy as np
import pytest
import yaml

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from builtin_interfaces.msg import Time

from unified_agent import paths
from unified_agent.nodes import qos
from unified_agent.nodes.description import camera_frames, quaternion
from unified_agent.nodes.mujoco_bridge import MujocoBridge
from unified_agent.robot.arm import Arm


def matrix(turn):
    """The rotation of a quaternion, by its definition."""
    w, x, y, z = turn
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


@pytest.mark.parametrize("turn", [np.eye(3), np.diag([1, -1, -1]), np.diag([-1, -1, 1])])
def test_half_turns_have_their_quaternion(turn):
    np.testing.assert_allclose(matrix(quaternion(turn)), turn, atol=1e-12)


def test_any_rotation_has_its_quaternion():
    for seed in range(50):
        turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
        turn *= np.sign(np.linalg.det(turn))
        np.testing.assert_allclose(matrix(quaternion(turn)), turn, atol=1e-12)


def test_a_camera_s_frame_is_that_of_its_images_and_looks_along_z():
    looking_down = np.diag([1.0, -1.0, -1.0])
    (frame,) = camera_frames({"left": (np.array([0.5, 0.1, 1.0]), looking_down)}, Time(sec=3))
    assert (frame.header.frame_id, frame.child_frame_id) == ("base_link", qos.optical_frame("left"))
    turn = frame.transform.rotation
    np.testing.assert_allclose(matrix((turn.w, turn.x, turn.y, turn.z)) @ [0, 0, 1], [0, 0, -1], atol=1e-12)
    assert frame.transform.translation.z == 1.0


def test_who_comes_late_is_told_of_the_arm(graph):
    graph.add(MujocoBridge)
    graph.spin(0.2)
    heard = graph.heard(qos.ROBOT_DESCRIPTION, qos.FACT)
    graph.until(lambda: heard)
    assert heard[0].data == Arm.load("fr3").urdf.read_text()


@pytest.mark.skipif(
    not importlib.util.find_spec("tf2_msgs"), reason="NOTHING sent /tf: tf2_msgs comes with a ROS installation only"
)
def test_who_comes_late_is_told_where_the_cameras_are(graph):
    from tf2_msgs.msg import TFMessage

    graph.add(MujocoBridge)
    heard = graph.heard(qos.Topic(qos.TF_STATIC, TFMessage, qos.FACT), qos.FACT)
    graph.until(lambda: heard)
    assert {frame.child_frame_id for frame in heard[0].transforms} == {
        "left_optical_frame",
        "right_optical_frame",
    }


def test_the_rviz_configuration_shows_topics_of_the_graph():
    config = yaml.safe_load((paths.share() / "config" / "agent.rviz").read_text())
    displays = config["Visualization Manager"]["Displays"]
    shown = {display.get("Topic", display.get("Description Topic", {})).get("Value") for display in displays} - {None}
    known = {qos.ROBOT_DESCRIPTION.name, qos.OBJECTS.name, *(qos.image(camera).name for camera in qos.CAMERAS)}
    assert shown == known
    assert config["Visualization Manager"]["Global Options"]["Fixed Frame"] == qos.BASE_FRAME
