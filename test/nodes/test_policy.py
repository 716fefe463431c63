# SPDX-License-Identifier: Apache-2.0
"""The policy node against an ideal arm: a partner that follows every trajectory exactly, in wall time."""

import math

import numpy as np
import pytest
import torch

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from unified_agent.language.subgoals import OBJECTS, VOCABULARY
from unified_agent.nodes import messages, policy, qos
from unified_agent.nodes.policy import PolicyNode
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.network import NetworkConfig, PolicyNetwork, split_words
from unified_agent.recording.scores import Score
from unified_agent.robot.arm import Arm

ARM = Arm.load("fr3")
GRASP, STACK = "the robot is grasping the red object", "the red object is on top of the blue object"
PLACES = {"red": (0.5, 0.1, 0.0225), "green": (0.6, 0.0, 0.0225), "blue": (0.45, -0.1, 0.0225)}
COLOURS = dict.fromkeys(PLACES, (0.5, 0.5, 0.5))


class IdealArm:
    """Publishes joint states and objects at 50 Hz, the joints where the newest trajectory has them.

    Attributes:
        trajectories: all that the arm was sent.
        places: of the objects; may be changed.
        silent: publishes nothing.
        ahead: seconds that its stamps lie in the future.
        parts: whether the arm's and the gripper's joint states come as two messages.
        hidden: objects that are not seen.
    """

    def __init__(self, graph):
        self.places, self.silent, self.broken_joint = dict(PLACES), False, None
        self.ahead, self.parts, self.hidden = 0.0, False, set()
        self.trajectories = graph.heard(qos.trajectory(ARM.arm_topic))
        # Turned far aside, so that the first motion takes a while.
        self._q = ARM.home + np.eye(len(ARM.joints))[0] * 2.0
        self._node = graph.partner
        self._joints = self._node.create_publisher(JointState, qos.JOINT_STATES.name, qos.JOINT_STATES.qos)
        self._objects = self._node.create_publisher(qos.OBJECTS.type, qos.OBJECTS.name, qos.OBJECTS.qos)
        self._node.create_timer(0.02, self._measure)

    def _measure(self):
        now = self._node.get_clock().now()
        if self.silent:
            return
        if self.trajectories:
            newest = self.trajectories[-1]
            start = messages.seconds(newest.header.stamp)
            self._q, _ = messages.trajectory_of(newest).sample(now.nanoseconds / messages.NANO - start)
        stamp = messages.stamp(now.nanoseconds / messages.NANO + self.ahead)
        position = [*map(float, self._q)]
        if self.broken_joint is not None:
            position[self.broken_joint] = math.nan
        arm = JointState(name=list(ARM.joints), position=position)
        gripper = JointState(name=list(ARM.gripper_joints), position=[0.04, 0.04])
        if not self.parts:
            arm = JointState(name=[*arm.name, *gripper.name], position=[*arm.position, *gripper.position])
        for state in (arm, gripper) if self.parts else (arm,):
            state.header.stamp = stamp
            self._joints.publish(state)
        poses = {name: (place, (1, 0, 0, 0)) for name, place in self.places.items() if name not in self.hidden}
        self._objects.publish(messages.markers(poses, 0.045, COLOURS, stamp))


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    words = sorted({word for goal in VOCABULARY for word in split_words(goal.sentence)})
    config = NetworkConfig(words=tuple(words), objects=OBJECTS, centre=(0.55, 0.0, 0.0), width=16, heads=2)
    Policy(PolicyNetwork(config), {}).save(tmp_path)
    return str(tmp_path)


@pytest.fixture
def node(graph, checkpoint):
    return graph.add(PolicyNode, policy=checkpoint, device="cpu")


@pytest.fixture
def arm(graph, node):
    return IdealArm(graph)


def plan(*sentences):
    return String(data="\n".join(sentences))


def see(graph, *true):
    scores = {goal.sentence: Score(1.0 if goal.sentence in true else 0.0, 0.5) for goal in VOCABULARY}
    stamp = graph.partner.get_clock().now().to_msg()
    graph.say(qos.SCORES, messages.scores_message(stamp, scores))


def see_nothing_until(graph, condition):
    def look():
        see(graph)
        graph.spin(0.05)
        return condition()

    graph.until(look)


def call(graph, service):
    client = graph.partner.create_client(Trigger, service)
    graph.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    graph.until(future.done)
    return future.result()


def brakes(message):
    """Whether it is the trajectory of a stop: from the present speed to rest, at once."""
    start, end = message.points
    return any(start.velocities) and not any(end.velocities) and messages.seconds(end.time_from_start) < 0.5


def test_a_plan_makes_the_arm_move_and_starts_an_episode(graph, node, arm):
    episodes, subgoals = graph.heard(qos.EPISODE), graph.heard(qos.SUBGOAL)
    graph.say(qos.INSTRUCTION, String(data="take\nthe red one"))
    graph.spin(0.1)
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: arm.trajectories)
    assert [message.data for message in episodes] == ["start take the red one"]
    assert subgoals[-1].data == GRASP


def test_no_command_leaves_the_limits(graph, node, arm):
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: len(arm.trajectories) >= 3)
    for message in arm.trajectories:
        messages.trajectory_of(message).check(ARM.joints, ARM.lower, ARM.upper, ARM.max_velocity)


@pytest.mark.parametrize(
    ("sentences", "why"),
    [
        (["the robot is juggling the red object"], "is no sub-goal"),
        ([STACK], "was not grasped before"),
        ([GRASP] * 40, "at most"),
        (["x" * 10_000], "is no sub-goal"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_and_nothing_moves(graph, node, arm, sentences, why):
    diagnosis, episodes = graph.diagnosis("policy"), graph.heard(qos.EPISODE)
    graph.say(qos.PLAN, plan(*sentences))
    graph.until(lambda: "plan refused" in diagnosis())
    assert why in diagnosis()
    graph.spin(0.3)
    assert arm.trajectories == []
    assert episodes == []


def test_two_planners_at_once_are_refused(graph, node, arm):
    diagnosis = graph.diagnosis("policy")
    second = graph.partner.create_publisher(String, qos.PLAN.name, qos.PLAN.qos)
    graph.until(lambda: graph.partner.count_publishers(qos.PLAN.name) == 1)
    graph.say(qos.PLAN, plan(GRASP))
    graph.until(lambda: "plan refused" in diagnosis())
    assert "2 nodes publish /plan" in diagnosis()
    graph.partner.destroy_publisher(second)


@pytest.fixture
def moving(graph, node, arm):
    """The arm on its way."""
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: arm.trajectories)
    graph.spin(0.15)
    return arm


def test_objects_that_are_not_finite_make_the_arm_hold_still_until_they_are_again(graph, moving):
    diagnosis = graph.diagnosis("policy")
    sent = len(moving.trajectories)
    moving.places["red"] = (math.nan, 0.0, 0.0)
    graph.until(lambda: "holding still" in diagnosis())
    assert "no finite position of the object(s) red" in diagnosis()
    graph.until(lambda: len(moving.trajectories) > sent)
    assert brakes(moving.trajectories[-1])
    stopped = len(moving.trajectories)
    graph.spin(1.0)
    assert len(moving.trajectories) == stopped
    moving.places["red"] = PLACES["red"]
    see_nothing_until(graph, lambda: len(moving.trajectories) > stopped)


def test_joint_states_that_are_not_finite_make_the_arm_hold_still(graph, moving):
    diagnosis = graph.diagnosis("policy")
    sent = len(moving.trajectories)
    moving.broken_joint = 2
    graph.until(lambda: "holding still" in diagnosis())
    assert f"no finite position of {ARM.joints[2]}" in diagnosis()
    graph.until(lambda: len(moving.trajectories) > sent)
    assert brakes(moving.trajectories[-1])


def test_stale_state_makes_the_arm_hold_still_and_in_the_end_fails_the_episode(graph, moving, monkeypatch):
    monkeypatch.setattr(policy, "SILENCE", 1.0)
    diagnosis, episodes = graph.diagnosis("policy"), graph.heard(qos.EPISODE)
    moving.silent = True
    graph.until(lambda: "holding still" in diagnosis())
    assert "s old (limit 0.5 s)" in diagnosis()
    assert brakes(moving.trajectories[-1])
    graph.until(lambda: episodes)
    assert episodes[-1].data.startswith("end failure: /")


def test_a_silent_captioner_fails_the_episode(graph, node, arm, monkeypatch):
    monkeypatch.setattr(policy, "SILENCE", 0.5)
    episodes = graph.heard(qos.EPISODE)
    graph.say(qos.PLAN, plan(GRASP))
    graph.until(lambda: len(episodes) == 2)
    assert "the captioner is silent" in episodes[-1].data
    assert arm.trajectories == []


def test_stop_holds_still_and_resume_goes_on(graph, moving):
    assert call(graph, "/policy/stop").success
    graph.spin(0.1)
    assert brakes(moving.trajectories[-1])
    stopped = len(moving.trajectories)
    for _ in range(10):
        see(graph)
        graph.spin(0.1)
    assert len(moving.trajectories) == stopped
    assert call(graph, "/policy/resume").success
    see_nothing_until(graph, lambda: len(moving.trajectories) > stopped)


def test_resume_without_stop_says_so(graph, node):
    answer = call(graph, "/policy/resume")
    assert (answer.success, answer.message) == (False, "it was not stopped")


def test_a_new_plan_replaces_the_old_one_with_the_arm_at_rest(graph, moving):
    episodes = graph.heard(qos.EPISODE)
    graph.say(qos.PLAN, plan(GRASP.replace("red", "blue")))
    graph.until(lambda: len(episodes) == 2)
    assert episodes[0].data == "end failure: replaced by a new plan"
    assert episodes[1].data.startswith("start")
    assert brakes(moving.trajectories[-1])


def test_a_refused_instruction_leaves_the_episode_as_it_is(graph, moving):
    episodes = graph.heard(qos.EPISODE)
    graph.say(qos.PLAN, plan())
    graph.spin(0.3)
    assert episodes == []


def test_braking_starts_where_the_arm_is_on_its_way(graph, moving):
    was = messages.trajectory_of(moving.trajectories[-1])
    start = messages.seconds(moving.trajectories[-1].header.stamp)
    call(graph, "/policy/stop")
    graph.spin(0.1)
    brake = moving.trajectories[-1]
    expected, _ = was.sample(messages.seconds(brake.header.stamp) - start)
    assert np.allclose(brake.points[0].positions, expected, atol=1e-6)


def test_joint_states_may_come_in_parts(graph, node, arm):
    arm.parts = True
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: arm.trajectories)


def test_an_object_that_the_subgoal_does_not_speak_of_may_be_out_of_sight(graph, node, arm):
    graph.spin(0.2)
    arm.hidden = {"green"}
    graph.spin(1.0)
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: arm.trajectories)


def test_an_object_that_the_subgoal_speaks_of_must_be_in_sight(graph, moving):
    diagnosis = graph.diagnosis("policy")
    moving.hidden = {"red"}
    graph.until(lambda: "holding still" in diagnosis())
    assert "the red object is" in diagnosis()


def test_what_is_stamped_in_the_future_is_not_acted_on(graph, node, arm):
    arm.ahead = 100.0
    diagnosis = graph.diagnosis("policy")
    graph.say(qos.PLAN, plan(GRASP))
    graph.until(lambda: "ahead of this node's clock" in diagnosis())
    for _ in range(10):
        see(graph)
        graph.spin(0.1)
    assert arm.trajectories == []


def test_a_captioner_that_is_killed_ends_the_episode_with_the_arm_at_rest(graph, node, arm):
    end = graph.stranger("captioner")
    graph.until(lambda: node._others["captioner"].alive)
    episodes = graph.heard(qos.EPISODE)
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: arm.trajectories)
    graph.spin(0.15)
    end()
    graph.until(lambda: len(episodes) == 2, seconds=1.0)
    assert "the captioner has gone" in episodes[-1].data
    assert brakes(arm.trajectories[-1])


def test_a_clock_that_goes_back_ends_the_episode_within_a_second(graph, checkpoint):
    node = graph.add(PolicyNode, policy=checkpoint, device="cpu", use_sim_time=True)
    clock = graph.partner.create_publisher(Clock, qos.CLOCK_TOPIC.name, qos.CLOCK_TOPIC.qos)
    episodes = graph.heard(qos.EPISODE)

    def at(seconds):
        clock.publish(Clock(clock=messages.stamp(seconds)))
        graph.spin(0.15)
        return node.get_clock().now().nanoseconds / messages.NANO == seconds

    graph.until(lambda: at(50.0))
    graph.say(qos.PLAN, plan(GRASP))
    graph.until(lambda: episodes)
    at(0.5)
    graph.until(lambda: len(episodes) == 2, seconds=1.0)
    assert "the clock went back by 49.5 s" in episodes[-1].data


def test_one_who_comes_late_is_told_of_the_episode_that_runs(graph, moving):
    episodes = graph.heard(qos.EPISODE, qos.STORY)
    graph.until(lambda: episodes, seconds=2.0)
    assert episodes[-1].data.startswith("start")
