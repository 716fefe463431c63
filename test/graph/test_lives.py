# SPDX-License-Identifier: Apache-2.0
"""Every node of the true graph killed in mid-episode, one after the other, and started again."""

import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from sensor_msgs.msg import JointState

from unified_agent.graph import lists
from unified_agent.graph.domains import Domain
from unified_agent.graph.following import SUCCESS, Follower
from unified_agent.graph.processes import Processes
from unified_agent.nodes import qos

INSTRUCTION = "stack the red object on top of the blue object"
# What is told of a node that was killed, and by whom.
TOLD = {
    "planner": ("policy", "the planner has gone"),
    "recorder": ("policy", "the recorder has gone"),
    "captioner": ("policy", "the captioner has gone"),
    "policy": ("mujoco_bridge", "the policy has gone"),
    "mujoco_bridge": ("policy", "joint states"),
}
# Without these the arm must not go on.
VITAL = ("captioner", "policy", "mujoco_bridge")


class Lab:
    """The graph, and somebody who watches it, talks to it, and takes its nodes away."""

    def __init__(self, graph, processes, follower):
        self.run, self.follower = graph.run, follower
        self._entries = {node.name: node for node in graph.nodes}
        self._processes = processes
        self._again: list[subprocess.Popen] = []
        self.speed = np.inf
        follower.node.create_subscription(JointState, qos.JOINT_STATES.name, self._on_joints, qos.STATE)

    def _on_joints(self, message):
        self.speed = np.abs(message.velocity[:7]).max()

    def until(self, condition, seconds, what):
        begin = time.monotonic()
        while not condition():
            assert time.monotonic() < begin + seconds, f"{what}: {self.diagnosis()}"
            for _ in self.follower.poll():
                pass
        return time.monotonic() - begin

    def diagnosis(self, node=None):
        said = {name: status.message for name, status in self.follower.diagnostics.items()}
        return said if node is None else said.get(node, "")

    def ready(self):
        return (
            self.diagnosis("captioner").startswith("scoring")
            and self.diagnosis("planner").startswith(("ready", "planned"))
            and all(name in self.follower.diagnostics for name in self._entries)
        )

    def begin(self):
        self.follower.say(INSTRUCTION)
        self.until(lambda: self.diagnosis("policy").startswith("pursuing"), 60, "the episode to begin")
        self.until(lambda: self.speed > 0.1, 20, "the arm to move")

    def kill(self, name):
        self.follower.diagnostics.clear()
        running = [*self._again, self._processes._running[name]]
        for process in running:
            if process.poll() is None and getattr(process, "node", name) == name:
                os.kill(process.pid, signal.SIGKILL)

    def start(self, name):
        with (self.run / f"{name}_again.log").open("wb") as log:
            process = subprocess.Popen(
                self._processes._command(self._entries[name]), stdout=log, stderr=subprocess.STDOUT
            )
        process.node = name
        self._again.append(process)

    def results(self):
        files = sorted(self.run.glob("episode_*/episode.json"))
        return [json.loads(file.read_text())["result"] for file in files]

    def close(self):
        for process in self._again:
            process.send_signal(signal.SIGINT)
            process.wait(20)


@pytest.fixture
def lab(tmp_path):
    graph = lists.sim({"runs": str(tmp_path), "seed": "1", "device": "cpu", "speed": "2"})
    with Domain(str(tmp_path)) as domain, Processes(graph, domain) as processes, Follower() as follower:
        lab = Lab(graph, processes, follower)
        lab.until(lab.ready, 100, "the graph to be ready")
        yield lab
        lab.close()


@pytest.mark.timeout(400)
def test_a_killed_node_is_told_the_arm_rests_and_the_graph_goes_on_with_a_new_one(lab):
    for name, (teller, words) in TOLD.items():
        lab.begin()
        lab.kill(name)
        seconds = lab.until(lambda t=teller, w=words: w in lab.diagnosis(t), 5, f"{teller} to tell of {name}")
        print(f"{name}: told after {seconds:.2f} s", flush=True)
        assert seconds <= 1.0
        if name != "mujoco_bridge" and name in VITAL:
            rest = lab.until(lambda: lab.speed < 0.01, 5, "the arm to rest")
            print(f"{name}: at rest {rest:.2f} s later", flush=True)
            assert rest <= 1.0
        lab.start(name)
        lab.until(lab.ready, 60, f"{name} to be back")
        lab.until(lambda n=name: lab.follower.outcome or n == "policy", 60, "the episode to end")
        if name in VITAL:
            lab.until(lambda: lab.results()[-1].startswith("failure"), 10, "the recording to end as failed")
    assert all(lab.results()), lab.results()
    lab.follower.say(INSTRUCTION)
    lab.until(lambda: lab.follower.outcome, 60, "the last episode to end")
    assert lab.follower.outcome == SUCCESS
