# SPDX-License-Identifier: Apache-2.0
import math
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from rclpy.serialization import serialize_message
from std_srvs.srv import Trigger

from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos
from unified_agent.nodes.mujoco_bridge import MujocoBridge
from unified_agent.robot.arm import Arm
from unified_agent.robot.trajectory import JointTrajectory
from unified_agent.sim.tasks import UnknownTask

ARM = Arm.load("fr3")
ARM_TOPIC, GRIPPER_TOPIC = qos.trajectory(ARM.arm_topic), qos.trajectory(ARM.gripper_topic)
AHEAD = ARM.home + 0.1


@pytest.fixture
def bridge(graph):
    return graph.add(MujocoBridge, camera_rate=0.1, camera_width=64, camera_height=48)


def run(graph, bridge, seconds):
    for _ in range(round(seconds / 0.02)):
        bridge.tick()
        graph.spin(0.001)


def command(graph, bridge, trajectory, **changes):
    message = messages.trajectory_message(trajectory)
    for name, value in changes.items():
        setattr(message, name, value)
    graph.say(ARM_TOPIC, message)
    graph.spin(0.1)


def joints(bridge):
    return bridge.world.joint_state()[1][: len(ARM.joints)]


def test_what_is_measured_carries_simulated_time_at_the_rates_asked_for(graph):
    bridge = graph.add(MujocoBridge, camera_rate=10.0, camera_width=64, camera_height=48)
    clock = graph.heard(qos.CLOCK_TOPIC, qos.CLOCK)
    states, images = (graph.heard(topic, qos.RECORDED) for topic in (qos.JOINT_STATES, qos.image("left")))
    graph.until(lambda: bridge.tick() or states)
    graph.spin(0.2)
    states.clear(), images.clear()
    run(graph, bridge, 1.0)
    graph.spin(0.2)
    assert len(states) == pytest.approx(50, abs=2)
    assert len(images) == pytest.approx(10, abs=1)
    stamps = [messages.seconds(state.header.stamp) for state in states]
    assert np.allclose(np.diff(stamps), 0.02)
    assert messages.seconds(clock[-1].clock) == pytest.approx(bridge.now, abs=0.05)
    assert images[0].header.frame_id == "left_optical_frame"


def test_the_image_is_what_the_camera_sees_now(graph, bridge):
    images = graph.heard(qos.image("right"))
    graph.until(lambda: bridge.tick() or images)
    frame = messages.frame_of(images[0])
    assert frame.shape == (48, 64, 3)
    assert frame.std() > 5


def test_a_trajectory_is_followed_to_its_end(graph, bridge):
    command(graph, bridge, JointTrajectory(ARM.joints, [0.4], [AHEAD]))
    run(graph, bridge, 0.8)
    assert np.allclose(joints(bridge), AHEAD, atol=0.01)


def test_a_new_trajectory_replaces_the_one_before(graph, bridge):
    command(graph, bridge, AWAY)
    run(graph, bridge, 0.2)
    command(graph, bridge, JointTrajectory(ARM.joints, [0.6], [AHEAD]))
    run(graph, bridge, 1.0)
    assert np.allclose(joints(bridge), AHEAD, atol=0.01)


AWAY = JointTrajectory(ARM.joints, [2.0], [ARM.home + 0.2])
BAD = {
    "not finite": JointTrajectory(ARM.joints, [1.0], [AHEAD]),
    "The trajectory is for": JointTrajectory(("a", "b"), [1.0], [[0, 0]]),
    "not for": JointTrajectory(ARM.joints[:6], [1.0], [AHEAD[:6]]),
    "position limit": JointTrajectory(ARM.joints, [1.0], [ARM.upper + 1]),
    "acceleration limit": JointTrajectory(ARM.joints, [0.2], [ARM.home - 0.3]),
    "last velocity must be 0": JointTrajectory(ARM.joints, [1.0], [AHEAD], [AHEAD]),
    "ago": JointTrajectory(ARM.joints, [0.05], [ARM.home]),
    "ahead": JointTrajectory(ARM.joints, [1.0], [AHEAD]),
    "increase": JointTrajectory(ARM.joints, [1.0, 2.0], [AHEAD, AHEAD]),
    "no joints": JointTrajectory(ARM.joints, [1.0], [AHEAD]),
    "0 points": JointTrajectory(ARM.joints, [1.0], [AHEAD]),
}


def _bad(why, now):
    message = messages.trajectory_message(BAD[why])
    match why:
        case "not finite":
            message.points[0].positions[0] = math.nan
        case "ago":
            message.header.stamp = messages.stamp(now - 0.1)
        case "ahead":
            message.header.stamp = messages.stamp(now + 100.0)
        case "increase":
            message.points[1].time_from_start = message.points[0].time_from_start
        case "no joints":
            message.joint_names = []
        case "0 points":
            message.points = []
    return message


@pytest.mark.parametrize("why", BAD)
def test_a_trajectory_that_must_not_be_followed_is_refused_and_the_one_before_goes_on(graph, bridge, why):
    """As a joint_trajectory_controller does: an empty one, or one that has ended, is no stop."""
    diagnosis = graph.diagnosis("mujoco_bridge")
    command(graph, bridge, AWAY)
    run(graph, bridge, 0.4)
    graph.say(ARM_TOPIC, _bad(why, bridge.now))
    graph.until(lambda: "the one before goes on" in diagnosis())
    assert why.replace("no joints", "0 joints") in diagnosis()
    assert bridge.figures()["refused"] == 1
    run(graph, bridge, 2.0)
    assert np.allclose(joints(bridge), AWAY.positions[-1], atol=0.01)


def test_a_hundred_thousand_points_do_not_stop_the_clock(graph, bridge):
    message = messages.trajectory_message(AWAY)
    message.points = message.points * 100_000
    data = serialize_message(message)
    follow = bridge._follower(ARM.arm_topic, bridge.world.command_arm)
    begin = time.monotonic()
    follow(data, {})
    assert time.monotonic() - begin < 0.5
    assert bridge.figures()["refused"] == 1


def test_joints_may_come_in_any_order(graph, bridge):
    turned = JointTrajectory(ARM.joints[::-1], [1.0], [AHEAD[::-1]])
    command(graph, bridge, turned)
    run(graph, bridge, 1.2)
    assert np.allclose(joints(bridge), AHEAD, atol=0.01)


def call(graph, service):
    client = graph.partner.create_client(Trigger, f"/mujoco_bridge/{service}")
    graph.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    graph.until(future.done)
    return future.result()


def test_stop_brings_arm_and_gripper_to_rest_until_resume(graph, bridge):
    diagnosis = graph.diagnosis("mujoco_bridge")
    command(graph, bridge, AWAY)
    graph.say(GRIPPER_TOPIC, messages.trajectory_message(JointTrajectory(ARM.gripper_joints[:1], [1.5], [[0.0]])))
    graph.spin(0.1)
    run(graph, bridge, 0.7)
    assert call(graph, "stop").success
    run(graph, bridge, 0.2)
    rest = bridge.world.joint_state()[1]
    run(graph, bridge, 1.0)
    assert np.allclose(bridge.world.joint_state()[1], rest, atol=1e-3)
    assert 0.005 < rest[-1] < 0.035
    command(graph, bridge, AWAY)
    run(graph, bridge, 0.5)
    assert np.allclose(joints(bridge), rest[: len(ARM.joints)], atol=1e-3)
    assert "Resume first" in diagnosis() or "until ~/resume" in diagnosis()
    assert call(graph, "resume").success
    command(graph, bridge, AWAY)
    run(graph, bridge, 2.4)
    assert np.allclose(joints(bridge), AWAY.positions[-1], atol=0.01)
    assert not call(graph, "resume").success


def test_a_new_start_does_not_undo_a_stop(graph, bridge):
    call(graph, "stop")
    call(graph, "reset")
    command(graph, bridge, AWAY)
    run(graph, bridge, 0.5)
    assert np.allclose(joints(bridge), ARM.home, atol=1e-3)


def test_a_second_commander_is_refused_and_the_first_goes_on(graph, bridge):
    diagnosis = graph.diagnosis("mujoco_bridge")
    command(graph, bridge, AWAY)
    second = graph.partner.create_publisher(ARM_TOPIC.type, ARM_TOPIC.name, ARM_TOPIC.qos)
    graph.until(lambda: second.get_subscription_count() > 0)
    graph.spin(0.2)
    second.publish(messages.trajectory_message(JointTrajectory(ARM.joints, [2.0], [ARM.home])))
    graph.until(lambda: "one commander at a time" in diagnosis())
    run(graph, bridge, 2.4)
    assert np.allclose(joints(bridge), AWAY.positions[-1], atol=0.01)
    graph.partner.destroy_publisher(second)


def test_reset_gives_a_new_start_and_the_clock_goes_on(graph, bridge):
    run(graph, bridge, 0.5)
    before, time = bridge.world.object_pose("red")[0], bridge.now
    client = graph.partner.create_client(Trigger, "/mujoco_bridge/reset")
    graph.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    graph.until(future.done)
    assert future.result().success
    assert bridge.now >= time
    assert not np.allclose(bridge.world.object_pose("red")[0], before)


def test_the_same_seed_is_the_same_start(graph):
    places = [graph.add(MujocoBridge, seed=5).world.object_pose("blue")[0] for _ in range(2)]
    assert np.array_equal(*places)


def test_the_start_of_a_task_is_set_up(graph):
    bridge = graph.add(MujocoBridge, task="place_red_on_table")
    assert bridge.world.object_pose("red")[0][2] > 0.05


def test_a_misspelt_task_is_refused_with_the_nearest(graph):
    with pytest.raises(UnknownTask, match="Did you mean 'grasp_red'"):
        graph.add(MujocoBridge, task="grasp_rde")


def test_a_viewer_without_a_display_is_an_error_at_the_start(graph, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(UserError, match="needs a display"):
        graph.add(MujocoBridge, headless=False)
