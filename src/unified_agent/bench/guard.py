# SPDX-License-Identifier: Apache-2.0
"""Whether the guard lets through what it should and nothing else: random and hostile trajectories, and all of ours."""

import math
import time

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.guard import LONGEST, MOST_POINTS, Guard
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.trajectory import InvalidTrajectory, JointTrajectory
from unified_agent.sim import tasks, teacher
from unified_agent.sim.env import StackObjects

PERIOD = 0.02
_CHUNK = 50_000
"""Set points that are judged at a time."""
_TOLERANCE = 1e-5
"""Relative to a limit: less is a rounding error of differences of set points."""


def guard_profile(trajectories: int = 1_000_000, episodes: int = 1_000, sent: int = 2_000, seed: int = 0) -> dict:
    """Hostile trajectories to a guard in-process and through the topic to a bridge, and every motion of the teacher's.

    A trajectory comes at a random moment, at rest or in the middle of a motion, and the set points of all of them
    together are judged by their differences: position, velocity, acceleration, and the tool in its box.

    Returns:
        ``hostile``, how many of them were ``accepted`` and ``refused``, ``set_points`` written and how many lay
        ``outside``, microseconds a trajectory; the same of those ``topic_sent``; ``motions`` of ``episodes`` random
        episodes and how many of these were refused (``benign_refused``).
    """
    arm = Arm.load("default")
    begin = time.perf_counter()
    hostile = _hostile(arm, trajectories, seed)
    microseconds = 1e6 * (time.perf_counter() - begin) / max(1, trajectories)
    return {
        "hostile": trajectories,
        **hostile,
        "microseconds": microseconds,
        **_through_the_topic(sent, seed),
        **_benign(episodes, seed),
    }


class _Tape:
    """A seam whose joints are where they are told to be, and that judges what they are told.

    Attributes:
        count, outside: set points so far, and how many of them broke a limit.
    """

    def __init__(self, arm: Arm, kinematics: Kinematics) -> None:
        self._limits, self._kinematics, self._box = JointLimits.of_arm(arm), kinematics, arm.fence.box
        self._gripper = JointLimits.of_gripper(arm)
        self._told = np.append(arm.home, arm.gripper_open)
        self._points = [self._told, self._told]
        self.count = self.outside = 0

    def read(self) -> np.ndarray:
        return self._told

    def write(self, arm, gripper) -> None:
        self._told = np.concatenate([arm.positions, gripper.positions])
        self._points.append(self._told)
        if len(self._points) > _CHUNK:
            self.judge()

    def judge(self) -> None:
        """Count what lies outside in the set points since the last time."""
        points = np.array(self._points)
        lower = np.append(self._limits.lower, self._gripper.lower)
        upper = np.append(self._limits.upper, self._gripper.upper)
        velocity = np.append(self._limits.velocity, self._gripper.velocity)
        acceleration = np.append(self._limits.acceleration, self._gripper.acceleration)
        new = points[2:]
        over = np.maximum(new - upper, lower - new) > _TOLERANCE * (upper - lower)
        over |= np.abs(np.diff(points, axis=0)[1:]) / PERIOD > (1 + _TOLERANCE) * velocity
        over |= np.abs(np.diff(points, n=2, axis=0)) / PERIOD**2 > (1 + _TOLERANCE) * acceleration
        tool = self._kinematics.tool_positions(new[:, :-1])
        away = (tool < self._box[:, 0] - 1e-3) | (tool > self._box[:, 1] + 1e-3)
        self.outside += int((over.any(axis=1) | away.any(axis=1)).sum())
        self.count += len(new)
        self._points = self._points[-2:]


def _hostile(arm: Arm, count: int, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    kinematics = Kinematics(arm)
    tape = _Tape(arm, kinematics)
    guard = Guard(arm, kinematics, tape, PERIOD)
    tick = accepted = 0
    for _ in range(count):
        now = tick * PERIOD
        gripper = rng.random() < 0.1
        limits = JointLimits.of_gripper(arm) if gripper else JointLimits.of_arm(arm)
        at = guard.set_points(now)[int(gripper)]
        try:
            trajectory, start = hostile(rng, limits, at, now)
            (guard.command_gripper if gripper else guard.command_arm)(trajectory, now, start)
            accepted += 1
        except InvalidTrajectory:
            pass
        if rng.random() < 0.03:
            guard.hold(now)
        for _ in range(_PAUSES[rng.integers(len(_PAUSES))]):
            guard.step(tick * PERIOD)
            tick += 1
    tape.judge()
    return {"accepted": accepted, "refused": count - accepted, "set_points": tape.count, "outside": tape.outside}


_PAUSES = (0, 1, 1, 2, 3, 5, 8, 20)
"""Periods between two trajectories."""


def hostile(
    rng: np.random.Generator, limits: JointLimits, at: np.ndarray, now: float
) -> tuple[JointTrajectory, float | None]:
    """A random trajectory, of one of a dozen kinds, and its start (None: when it arrives).

    Args:
        at: set points of the moment, (J,).

    Raises:
        InvalidTrajectory: it is malformed already.
    """
    joints, size, start = limits.joints, len(at), None
    count = int(rng.integers(1, 6))
    times = np.cumsum(rng.uniform(0.05, 1.0, count))
    points = at + rng.normal(0.0, 0.3, (count, size)) * rng.choice([0.05, 0.3, 1.0])
    velocities = None
    match _KINDS[rng.integers(len(_KINDS))]:
        case "anywhere":
            points = rng.uniform(limits.lower - 0.2, limits.upper + 0.2, (count, size))
            times = times * rng.choice([0.2, 1.0, 5.0])
        case "fast":
            times = times * 10.0 ** rng.uniform(-12, -0.5)
        case "not finite":
            points[rng.integers(count), rng.integers(size)] = rng.choice([np.nan, np.inf, -np.inf, 1e300, -1e308])
        case "backwards":
            times = rng.permutation(times) - rng.choice([0.0, 1.0, times[0]])
        case "overshooting":
            velocities = rng.normal(0.0, 1.0, (count, size)) * limits.velocity
            velocities[-1] = 0.0
        case "jump":
            times = times - times[0]
            points[0] = at + rng.normal(0.0, 1.0, size) * rng.choice([1e-3, 0.02, 0.1, 0.5])
        case "long":
            times = times * rng.choice([10.0, 200.0, 2 * LONGEST])
            if rng.random() < 0.02:
                count = int(rng.integers(MOST_POINTS - 2, MOST_POINTS + 3))
                times, points = np.arange(1, count + 1) * 0.05, np.repeat(at[None], count, axis=0)
        case "other joints":
            joints = tuple(rng.permutation(joints)) if rng.random() < 0.5 else joints[:-1]
        case "never at rest":
            velocities = np.full((count, size), 0.1) * rng.choice([1e-9, 1.0])
        case "of another time":
            start = now + rng.choice([-1e6, -100.0, -1.0, -0.1, -0.02, 0.02, 0.5, 100.0, math.nan])
        case "at the edge":
            # As hard as the limits allow, and a little more or less.
            points, velocities = points[:1], None
            reach = np.abs(points[0] - at)
            hardest = np.sqrt(6 * reach / limits.acceleration).max()
            times = np.array([max(hardest, (1.5 * reach / limits.velocity).max(), 1e-3)]) * rng.uniform(0.95, 1.1)
        case "feasible":
            points = points[:1]
            times = np.array([rng.uniform(0.5, 2.0)])
    return JointTrajectory(joints, times, points, velocities), start


_KINDS = (
    "anywhere",
    "fast",
    "not finite",
    "backwards",
    "overshooting",
    "jump",
    "long",
    "other joints",
    "never at rest",
    "of another time",
    "at the edge",
    "feasible",
)


def _benign(episodes: int, seed: int) -> dict:
    """The teacher's picks and places in MuJoCo, of every task in turn."""
    env = StackObjects()
    command_arm, command_gripper = env.world.command_arm, env.world.command_gripper
    motions, refused = 0, []

    def counted(command):
        def follow(trajectory, start=None):
            nonlocal motions
            motions += 1
            try:
                command(trajectory, start)
            except InvalidTrajectory as error:
                refused.append(str(error))
                raise

        return follow

    env.world.command_arm, env.world.command_gripper = counted(command_arm), counted(command_gripper)
    names = tasks.names()
    for episode in range(episodes):
        env.reset(seed=seed + episode, options={"task": names[episode % len(names)]})
        for subgoal in env.task.plan:
            env.step(teacher.act(subgoal, env.state, env.world.arm.basket))
    env.close()
    return {"episodes": episodes, "motions": motions, "benign_refused": len(refused)}


def _through_the_topic(count: int, seed: int) -> dict:
    """The same trajectories published to a bridge, whose servos are listened to."""
    if count == 0:
        return {}
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.logging import LoggingSeverity

    from unified_agent.graph.domains import Domain
    from unified_agent.nodes import messages, qos
    from unified_agent.nodes.mujoco_bridge import MujocoBridge

    rng = np.random.default_rng(seed)
    with Domain("unified-agent bench"):
        context = rclpy.Context()
        context.init(args=[])
        bridge = MujocoBridge(overrides={"camera_rate": 0.1}, context=context)
        bridge.get_logger().set_level(LoggingSeverity.FATAL)
        partner = rclpy.create_node("hostile", context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(bridge)
        executor.add_node(partner)
        arm, world = bridge.world.arm, bridge.world
        tape = _Tape(arm, Kinematics(arm))
        write = world.guard.seam.write
        world.guard.seam.write = lambda *points: (tape.write(*points), write(*points))
        topic = qos.trajectory(arm.arm_topic)
        publisher = partner.create_publisher(topic.type, topic.name, topic.qos)
        while not publisher.get_subscription_count():
            executor.spin_once(timeout_sec=0.05)
        limits, published = JointLimits.of_arm(arm), 0
        for _ in range(count):
            try:
                trajectory, start = hostile(rng, limits, world.guard.set_points(world.time)[0], bridge.now)
                message = messages.trajectory_message(trajectory)
                if start is not None:
                    message.header.stamp = messages.stamp(start)
            except (InvalidTrajectory, ValueError, AssertionError, OverflowError):
                continue
            publisher.publish(message)
            published += 1
            for _ in range(3):
                executor.spin_once(timeout_sec=0.0)
            bridge.tick()
        for _ in range(50):
            executor.spin_once(timeout_sec=0.01)
        handled = bridge.figures()
        tape.judge()
        executor.shutdown()
        bridge.close()
        bridge.destroy_node()
        partner.destroy_node()
        context.try_shutdown()
    return {
        "topic_sent": published,
        "topic_accepted": handled["accepted"],
        "topic_refused": handled["refused"],
        "topic_set_points": tape.count,
        "topic_outside": tape.outside,
    }
