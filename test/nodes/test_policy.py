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
from unified_agent.nodes.mujoco_bridge import MujocoBridge
from unified_agent.nodes.policy import PolicyNode
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.network import NetworkConfig, PolicyNetwork, split_words
from unified_agent.recording.scores import Score
from unified_agent.robot.arm import Arm
from unified_agent.robot.halt import LEAD
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import JointTrajectory

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
        deaf: hears nothing new, and goes on with what it heard.
        ahead: seconds that its stamps lie in the future.
        parts: whether the arm's and the gripper's joint states come as two messages.
        hidden: objects that are not seen.
    """

    def __init__(self, graph):
        self.places, self.silent, self.broken_joint, self.deaf = dict(PLACES), False, None, False
        self.ahead, self.parts, self.hidden = 0.0, False, set()
        self.trajectories = graph.heard(qos.trajectory(ARM.arm_topic))
        # Turned far aside, so that the first motion takes a while.
        self._q = ARM.home + np.eye(len(ARM.joints))[0] * 2.0
        self._heard = self._way = None
        self._node = graph.partner
        self._joints = self._node.create_publisher(JointState, qos.JOINT_STATES.name, qos.JOINT_STATES.qos)
        self._objects = self._node.create_publisher(qos.OBJECTS.type, qos.OBJECTS.name, qos.OBJECTS.qos)
        self._node.create_timer(0.02, self._measure)

    def _measure(self):
        now = self._node.get_clock().now()
        if self.silent:
            return
        time = now.nanoseconds / messages.NANO
        if self.trajectories and not self.deaf and self.trajectories[-1] is not self._heard:
            self._heard = self.trajectories[-1]
            way, start = messages.trajectory_of(self._heard), messages.seconds(self._heard.header.stamp)
            if way.times[0] > 0.0:
                way = JointTrajectory(way.joints, [0.0, *way.times], [self._q, *way.positions])
            self._way = way, start or time
        if self._way is not None:
            self._q, _ = self._way[0].sample(time - self._way[1])
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


def see(graph, *true, seen=False):
    scores = {goal.sentence: Score(1.0, 0.5, seen) if goal.sentence in true else Score(0.0, 0.5) for goal in VOCABULARY}
    stamp = graph.partner.get_clock().now().to_msg()
    graph.say(qos.SCORES, messages.scores_message(stamp, scores))


def see_nothing_until(graph, condition, seconds=10.0):
    def look():
        see(graph)
        graph.spin(0.05)
        return condition()

    graph.until(look, seconds)


def call(graph, service):
    client = graph.partner.create_client(Trigger, service)
    graph.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    graph.until(future.done)
    return future.result()


def brakes(message):
    """Whether it is a stop: one point at rest, to be begun when it arrives and not ended by then."""
    [point] = message.points if len(message.points) == 1 else [None]
    if point is None or any(point.velocities) or messages.seconds(message.header.stamp):
        return False
    return 0.04 <= messages.seconds(point.time_from_start) <= 0.5


def motions(arm):
    """What the arm was sent besides stops."""
    return [message for message in arm.trajectories if not brakes(message)]


def test_a_plan_makes_the_arm_move_and_starts_an_episode(graph, node, arm):
    episodes, subgoals = graph.heard(qos.EPISODE), graph.heard(qos.SUBGOAL)
    graph.say(qos.INSTRUCTION, String(data="take\nthe red one"))
    graph.spin(0.1)
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: arm.trajectories)
    assert [message.data for message in episodes] == ["start take the red one"]
    assert subgoals[-1].data == GRASP


def test_a_plan_that_overtakes_its_instruction_is_carried_out_as_that_ones(graph, node, arm):
    episodes = graph.heard(qos.EPISODE)
    graph.say(qos.INSTRUCTION, String(data="the one before"))
    graph.spin(0.1)
    graph.say(qos.PLAN, plan(GRASP))
    graph.until(lambda: episodes)
    graph.say(qos.PLAN, plan(GRASP))
    graph.spin(0.2)
    graph.say(qos.INSTRUCTION, String(data="the next"))
    graph.until(lambda: len(episodes) == 3)
    starts = [message.data for message in episodes if message.data.startswith("start")]
    assert starts == ["start the one before", "start the next"]


@pytest.mark.parametrize("seen", [True, False])
def test_a_sub_goal_is_done_when_the_captioner_has_seen_it(graph, node, arm, seen):
    episodes = graph.heard(qos.EPISODE)
    graph.say(qos.PLAN, plan(GRASP))
    for _ in range(20):
        see(graph, GRASP, seen=seen)
        graph.spin(0.1)
    assert [message.data for message in episodes][1:] == ["end success"] * seen
    assert arm.trajectories == []


def test_no_command_leaves_the_limits(graph, node, arm):
    graph.say(qos.PLAN, plan(GRASP))
    # The first motion alone takes nine seconds.
    see_nothing_until(graph, lambda: len(arm.trajectories) >= 3, seconds=30.0)
    limits = JointLimits.of_arm(ARM)
    for message in arm.trajectories:
        trajectory = messages.trajectory_of(message)
        # The first motion leads from far outside what a guard would let pass.
        limits.check(trajectory, trajectory.positions[0])


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


def test_a_second_commander_of_the_arm_is_refused(graph, node, arm):
    diagnosis = graph.diagnosis("policy")
    topic = qos.trajectory(ARM.arm_topic)
    graph.partner.create_publisher(topic.type, topic.name, topic.qos)
    graph.until(lambda: graph.partner.count_publishers(topic.name) == 2)
    graph.say(qos.PLAN, plan(GRASP))
    graph.until(lambda: "plan refused" in diagnosis())
    assert "2 nodes publish /joint_trajectory_controller/joint_trajectory (/partner, /policy)" in diagnosis()


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
    stopped = len(motions(moving))
    graph.spin(1.0)
    assert len(motions(moving)) == stopped
    moving.places["red"] = PLACES["red"]
    see_nothing_until(graph, lambda: len(motions(moving)) > stopped)


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
    assert episodes[-1].data.startswith("end failure: ")


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
    stopped = len(motions(moving))
    for _ in range(10):
        see(graph)
        graph.spin(0.1)
    assert len(motions(moving)) == stopped
    assert call(graph, "/policy/resume").success
    see_nothing_until(graph, lambda: len(motions(moving)) > stopped)


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


def test_a_stop_ends_just_ahead_on_the_way_the_arm_is_going(graph, moving):
    was, start = moving._way
    sent = len(moving.trajectories)
    call(graph, "/policy/stop")
    graph.until(lambda: len(moving.trajectories) > sent)
    now = graph.partner.get_clock().now().nanoseconds / messages.NANO
    stop = moving.trajectories[sent]
    expected, _ = was.sample(now + LEAD - start)
    assert np.allclose(stop.points[0].positions, expected, atol=0.2)


def test_a_stop_is_said_until_the_joints_rest(graph, moving):
    """The first are lost; and an arm that goes on with the old trajectory is told again."""
    sent = len(moving.trajectories)
    moving.deaf = True
    call(graph, "/policy/stop")
    graph.until(lambda: len(moving.trajectories) >= sent + 3)
    assert all(map(brakes, moving.trajectories[sent:]))
    moving.deaf = False
    graph.spin(1.5)
    told = len(moving.trajectories)
    graph.spin(0.4)
    assert len(moving.trajectories) == told


def test_a_stop_reaches_the_gripper_too(graph, node, moving):
    grips = graph.heard(qos.trajectory(ARM.gripper_topic))
    graph.spin(0.3)
    call(graph, "/policy/stop")
    graph.until(lambda: grips)
    assert brakes(grips[-1])
    assert list(grips[-1].joint_names) == [ARM.gripper_joints[0]]


def test_a_stop_rests_the_arm_and_the_gripper_of_a_bridge_and_they_stay(graph, checkpoint):
    bridge = graph.add(MujocoBridge, camera_rate=0.1, camera_width=64, camera_height=48)
    graph.add(PolicyNode, policy=checkpoint, device="cpu", use_sim_time=True)
    graph.partner.create_timer(0.02, bridge.tick)
    sent = graph.heard(qos.trajectory(ARM.arm_topic))

    def look():
        scores = {goal.sentence: Score(0.0, 0.5) for goal in VOCABULARY}
        graph.say(qos.SCORES, messages.scores_message(bridge.stamp(), scores))
        graph.spin(0.05)
        return sent

    graph.spin(0.5)
    bridge.world.guard.command_gripper(JointTrajectory(ARM.gripper_joints[:1], [1.5], [[0.0]]), bridge.world.time)
    graph.spin(1.6)
    graph.say(qos.PLAN, plan(GRASP))
    graph.until(look)
    graph.spin(0.25)
    assert bridge.world.guard.moving
    call(graph, "/policy/stop")
    graph.spin(0.6)
    rest = bridge.world.joint_state()[1]
    assert 0.002 < rest[-1] < 0.038
    graph.spin(1.0)
    assert np.allclose(bridge.world.joint_state()[1], rest, atol=2e-3)


def test_the_time_limit_does_not_run_while_stopped(graph, checkpoint):
    node = graph.add(PolicyNode, policy=checkpoint, device="cpu", time_limit=2.0)
    arm, episodes = IdealArm(graph), graph.heard(qos.EPISODE)
    graph.say(qos.PLAN, plan(GRASP))
    see_nothing_until(graph, lambda: arm.trajectories)
    call(graph, "/policy/stop")
    graph.spin(2.2)
    call(graph, "/policy/resume")
    graph.spin(0.3)
    assert node._execution is not None
    assert len(episodes) == 1


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


def test_cancelling_ends_the_episode_and_brings_the_arm_to_rest(graph, moving):
    episodes = graph.heard(qos.EPISODE)
    sent = len(moving.trajectories)
    assert call(graph, "/policy/cancel").success
    graph.until(lambda: episodes and len(moving.trajectories) > sent)
    assert episodes[-1].data == "end failure: cancelled"
    assert brakes(moving.trajectories[-1])
    assert not call(graph, "/policy/cancel").success


def test_a_stop_and_its_end_are_told_to_the_driver(graph, checkpoint):
    called = []

    def service(name):
        def answer(request, response):
            called.append(name)
            return response

        return answer

    for name in ("stop", "resume"):
        graph.partner.create_service(Trigger, f"driver/{name}", service(name))
    graph.add(PolicyNode, policy=checkpoint, device="cpu", driver="driver")
    call(graph, "/policy/stop")
    graph.until(lambda: called == ["stop"])
    call(graph, "/policy/resume")
    graph.until(lambda: called == ["stop", "resume"])
