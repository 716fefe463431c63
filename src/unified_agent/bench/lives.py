# SPDX-License-Identifier: Apache-2.0
"""What happens when a node of the true graph is killed in mid-episode and started again, and how soon a stop rests."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from unified_agent.errors import UserError
from unified_agent.graph import lists
from unified_agent.graph.domains import Domain
from unified_agent.graph.following import Follower
from unified_agent.graph.processes import Processes
from unified_agent.nodes import messages, qos, transport
from unified_agent.robot.arm import Arm

INSTRUCTION = "stack the red object on top of the blue object"
# Node that is killed -> who tells of it, and in which words.
TOLD = {
    "planner": ("policy", "the planner has gone"),
    "recorder": ("policy", "the recorder has gone"),
    "captioner": ("policy", "the captioner has gone"),
    "policy": ("mujoco_bridge", "the policy has gone"),
    "mujoco_bridge": ("policy", "joint states"),
}
# Without these the episode fails.
VITAL = ("captioner", "policy", "mujoco_bridge")
STOPS = 9
# Slower than this (rad/s, m/s) a joint or a finger is at rest; faster than MOVING (rad/s) the arm is on its way.
AT_REST, FINGER_AT_REST, MOVING = 0.02, 0.002, 0.2
# Wall seconds.
START, PATIENCE = 180.0, 90.0


def lives_profile() -> dict:
    """Every node killed (SIGKILL) while the arm moves, one after the other, and started again; then a last episode.

    Returns:
        For each node ``told_<node>``: wall seconds from the kill until another node says so on /diagnostics, and
        ``result_<node>``: what the recording says of that episode; ``rest_captioner`` and ``rest_policy``: wall seconds
        from the kill until the joints rest; ``last``: how the episode after all that ended.
    """
    with _Lab() as lab:
        figures: dict[str, object] = {}
        for name, (teller, words) in TOLD.items():
            lab.begin()
            killed = lab.kill(name)
            lab.until(lambda t=teller, w=words: w in lab.said(t), f"{teller} to tell of {name}")
            figures[f"told_{name}"] = time.monotonic() - killed
            if name in VITAL and name != "mujoco_bridge":
                lab.until(lambda: lab.fastest < AT_REST, "the arm to rest")
                figures[f"rest_{name}"] = time.monotonic() - killed
            lab.processes.restart(name)
            lab.until(lab.ready, f"{name} to be back")
            # The bag of a recorder that was killed stays open; its successor records the rest in one of its own.
            lab.until(lambda: lab.results() and lab.results()[-1], "the recording to be closed")
            figures[f"result_{name}"] = lab.results()[-1]
        lab.follower.say(INSTRUCTION)
        lab.until(lambda: lab.follower.outcome, "the last episode to end")
        return {**figures, "last": lab.follower.outcome}


def stop_profile(stops: int = STOPS) -> dict:
    """``~/stop`` of the policy at moments of an episode in real time, through the services and topics.

    Returns:
        ``stops``, and from the call until arm and gripper rest: ``median`` and ``worst``, seconds of the
        joint states' stamps.
    """
    found = []
    with _Lab() as lab:
        stop, resume = (lab.follower.node.create_client(Trigger, f"policy/{name}") for name in ("stop", "resume"))
        random = np.random.default_rng(0)
        while len(found) < stops:
            if not lab.follower.figure("policy", "phase"):
                lab.begin()
            lab.until(lambda: lab.fastest > MOVING, "the arm to move")
            lab.wait(random.uniform(0.0, 0.6))
            if lab.resting_since is not None:
                continue
            begin = lab.stamp
            lab.call(stop)
            lab.until(lambda: lab.resting_since is not None, "arm and gripper to rest")
            found.append(max(0.0, lab.resting_since - begin))
            lab.wait(0.3)
            lab.call(resume)
            lab.wait(1.0)
    return {"stops": stops, "median": float(np.median(found)), "worst": float(max(found))}


class _Lab:
    """The graph in real time, and somebody who watches it, talks to it and takes its nodes away."""

    def __enter__(self) -> "_Lab":
        transport.prepare()
        self._folder = tempfile.TemporaryDirectory(prefix="unified_agent_")
        graph = lists.sim({"runs": self._folder.name, "seed": "1", "device": "cpu"})
        self._run = Path(graph.run)
        self._names = {node.name for node in graph.nodes}
        self._domain = Domain(str(graph.run))
        self.processes = Processes(graph, self._domain)
        self.processes.__enter__()
        self.follower = Follower(announce=False)
        node = self.follower.__enter__().node
        self.fastest = np.inf
        self.stamp, self.resting_since = 0.0, None
        self._joints = Arm.load("default").joints
        node.create_subscription(JointState, qos.JOINT_STATES.name, self._on_joints, qos.STATE)
        self.until(self.ready, "the graph to be ready", START)
        return self

    def __exit__(self, *error) -> None:
        self.follower.__exit__(*error)
        self.processes.stop()
        self._domain.free()
        self._folder.cleanup()

    def until(self, condition: Callable[[], object], what: str, limit: float = PATIENCE) -> None:
        """Follow until something is so.

        Raises:
            UserError: it is not, after ``limit`` wall seconds.
        """
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                said = {name: status.message for name, status in self.follower.diagnostics.items()}
                raise UserError(f"Waited {limit:.0f} s in vain for {what}: {said}")
            self.follower.serve()

    def wait(self, seconds: float) -> None:
        """Follow for some wall time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.follower.serve()

    def said(self, node: str) -> str:
        """A node's newest state."""
        status = self.follower.diagnostics.get(node)
        return "" if status is None else status.message

    def ready(self) -> bool:
        """Whether every node is there and has loaded what it needs."""
        planner = self.said("planner").startswith(("ready", "planned", "refused"))
        captioner = self.said("captioner").startswith("scoring")
        return planner and captioner and self._names <= set(self.follower.diagnostics)

    def begin(self) -> None:
        """An episode, until the arm moves."""
        self.follower.say(INSTRUCTION)
        self.until(lambda: self.said("policy").startswith("pursuing"), "the episode to begin")
        self.until(lambda: self.fastest > MOVING, "the arm to move")

    def kill(self, name: str) -> float:
        """Take a node away without a warning; when."""
        self.follower.diagnostics.clear()
        os.kill(self.processes.pid(name), signal.SIGKILL)
        return time.monotonic()

    def results(self) -> list[str]:
        """What the recordings say of their episodes, in their order; empty for one that was not closed."""
        files = sorted(self._run.glob("episode_*/episode.json"))
        return [json.loads(file.read_text())["result"] for file in files]

    def call(self, client) -> None:
        """Call a service and wait for its answer."""
        future = client.call_async(Trigger.Request())
        self.until(future.done, f"an answer of {client.srv_name}")

    def _on_joints(self, message: JointState) -> None:
        speeds = {name: abs(speed) for name, speed in zip(message.name, message.velocity, strict=True)}
        self.fastest = max(speeds[name] for name in self._joints)
        finger = max(speed for name, speed in speeds.items() if name not in self._joints)
        self.stamp = messages.seconds(message.header.stamp)
        if self.fastest >= AT_REST or finger >= FINGER_AT_REST:
            self.resting_since = None
        elif self.resting_since is None:
            self.resting_since = self.stamp
