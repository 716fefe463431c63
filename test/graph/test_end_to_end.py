# SPDX-License-Identifier: Apache-2.0
"""The true graph of processes with the models that ship; only the plan is written by hand."""

import os
import signal
import time
from dataclasses import replace

import pytest
from rosbags.highlevel import AnyReader

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from std_msgs.msg import String

from unified_agent.graph import lists as graphs
from unified_agent.graph.domains import Domain
from unified_agent.graph.following import SUCCESS, Follower
from unified_agent.graph.processes import NodeFailed, Processes
from unified_agent.nodes import qos

PLAN = "the robot is grasping the red object\nthe red object is on top of the blue object"


class Running:
    """A started graph without its planner, and somebody who plans in its place."""

    def __init__(self, processes, follower):
        self.processes, self.follower = processes, follower
        self._plan = follower.node.create_publisher(String, qos.PLAN.name, qos.PLAN.qos)

    def until(self, condition, seconds=100.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.follower.diagnostics
            self.follower.poll()
            self.processes.check()

    def plan(self):
        self.until(lambda: self.follower.figure("captioner", "scored") not in ("", "0"))
        self.until(lambda: "policy" in self.follower.diagnostics and self._plan.get_subscription_count() >= 2)
        self.follower.begin("")
        self._plan.publish(String(data=PLAN))


def topics_in(bag):
    with AnyReader([bag]) as reader:
        return {connection.topic for connection in reader.connections if connection.msgcount}


@pytest.mark.timeout(300)
def test_a_plan_is_carried_out_recorded_and_a_killed_node_leaves_the_recording_readable(tmp_path):
    wanted = graphs.sim({"speed": "2", "runs": str(tmp_path), "seed": "1", "device": "cpu"})
    wanted = replace(wanted, nodes=tuple(node for node in wanted.nodes if node.name != "planner"))
    with Domain(str(tmp_path)) as domain, Processes(wanted, domain) as processes, Follower() as follower:
        running = Running(processes, follower)
        running.plan()
        running.until(lambda: follower.outcome and not follower.recording)
        assert follower.outcome == SUCCESS
        assert PLAN.splitlines()[1] in follower.figure("mujoco_bridge", "true")

        running.plan()
        running.until(lambda: "pursuing" in follower.diagnostics["policy"].message)
        os.kill(processes.pid("policy"), signal.SIGKILL)
        with pytest.raises(NodeFailed, match="'policy' was killed by signal 9"):
            running.until(lambda: False)
    assert (wanted.run / "episode_001.mp4").stat().st_size > 10_000
    assert {"/camera/left/image_raw", "/caption/scores", "/joint_states", "/plan", "/subgoal/reached"} < topics_in(
        wanted.run / "episode_001"
    )
    assert "/episode" in topics_in(wanted.run / "episode_002")
