# SPDX-License-Identifier: Apache-2.0
"""How soon after an image its reward is there, through the true graph."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack

import numpy as np
import rclpy

from unified_agent.errors import UserError
from unified_agent.graph.domains import Domain
from unified_agent.graph.following import Follower
from unified_agent.nodes import messages, qos, transport
from unified_agent.recording.cdr import NANO

# Wall seconds in which a node loads its CLIP on a machine that is busy with other things.
START = 300.0
GOAL = "the red object is on top of the blue object"


def reward_node_profile(rate: float = 15.0, seconds: float = 20.0) -> dict:
    """The bridge's two cameras (128x128) and the reward node, each a process, in real time.

    Returns:
        ``rate``, rewards a wall second; the latency from the publishing of a moment's last image to that of its reward,
        by the publishers' own stamps: median and 95th percentile, milliseconds; ``rewarded``, the share of moments.
    """
    transport.prepare()
    bridge = {"camera_width": 128, "camera_height": 128, "camera_rate": rate, "speed": 1.0}
    reward = {"goal": GOAL, "use_sim_time": True, "threads": 1}
    with Domain("unified-agent bench"), ExitStack() as stack:
        for node, parameters in (("mujoco_bridge", bridge), ("reward", reward)):
            command = [sys.executable, "-m", f"unified_agent.nodes.{node}", "--ros-args"]
            for name, value in parameters.items():
                command += ["-p", f"{name}:={json.dumps(value)}"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        with Follower() as follower:
            return _measured(follower.node, seconds)


def _measured(node, seconds: float) -> dict:
    sent: dict[int, dict[str, int]] = {}
    rewarded: dict[int, int] = {}

    def stamp_of(message) -> int:
        return message.header.stamp.sec * messages.NANO + message.header.stamp.nanosec

    def note(camera: str):
        return lambda message, info: sent.setdefault(stamp_of(message), {}).update({camera: info["source_timestamp"]})

    for camera in qos.CAMERAS:
        node.create_subscription(qos.image(camera).type, qos.image(camera).name, note(camera), qos.IMAGE)
    node.create_subscription(
        qos.REWARD.type,
        qos.REWARD.name,
        lambda message, info: rewarded.update({stamp_of(message): info["source_timestamp"]}),
        qos.COMMAND,
    )
    end = time.monotonic() + START
    while len(rewarded) < 3 and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    if len(rewarded) < 3:
        raise UserError(f"No rewards came within {START:.0f} s: see 'ros2 run unified_agent reward'.")
    sent.clear()
    rewarded.clear()
    begin = time.monotonic()
    while (left := begin + seconds - time.monotonic()) > 0:
        rclpy.spin_once(node, timeout_sec=left)
    whole = {stamp: max(times.values()) for stamp, times in sent.items() if len(times) == len(qos.CAMERAS)}
    late = [(rewarded[stamp] - at) / NANO * 1000 for stamp, at in whole.items() if stamp in rewarded]
    return {
        "rate": len(rewarded) / seconds,
        "latency_median_ms": float(np.median(late)),
        "latency_p95_ms": float(np.percentile(late, 95)),
        "rewarded": len(late) / len(whole),
    }
