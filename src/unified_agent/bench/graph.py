# SPDX-License-Identifier: Apache-2.0
"""How fast the graph is: images between processes, and simulated time against wall time."""

import json
import subprocess
import sys
import time

import numpy as np
import rclpy
from sensor_msgs.msg import Image

from unified_agent.errors import UserError
from unified_agent.graph.domains import Domain
from unified_agent.graph.following import Follower
from unified_agent.nodes import messages, qos, transport
from unified_agent.paths import PACKAGE

DISCOVERY = 60.0


def image_profile(width: int = 640, height: int = 480, rate: float = 30.0, seconds: float = 20.0) -> dict:
    """Images of both cameras from the bridge to a subscriber in this process, in real time.

    Returns:
        ``sent`` and ``arrived`` images, their ratio, ``rate`` (images a wall second and camera), and the latency from
        the publisher's call to the subscriber's callback: median and 99th percentile, milliseconds.
    """
    transport.prepare()
    parameters = {"camera_width": width, "camera_height": height, "camera_rate": rate, "speed": 1.0}
    command = [sys.executable, "-m", "unified_agent.nodes.mujoco_bridge", "--ros-args"]
    for name, value in parameters.items():
        command += ["-p", f"{name}:={json.dumps(value)}"]
    with Domain("unified-agent bench"):
        bridge = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with Follower() as follower:
                return _count(follower.node, rate, seconds)
        finally:
            bridge.terminate()
            bridge.wait()


def graph_profile(episodes: int = 3) -> dict:
    """Simulated seconds a wall second while the whole graph stacks objects, as fast as it can, and records.

    Two cameras at 128x128 and 10 Hz.

    Returns:
        ``real_time_factor`` over all episodes, ``episodes`` and how many the graph claims to have done.
    """
    from unified_agent.graph.trials import running
    from unified_agent.sim.tasks import get

    simulated = wall = 0.0
    claimed = 0
    with running({"speed": "0", "record": "true"}) as trials:
        clock: list[float] = []
        trials.follower.node.create_subscription(
            qos.CLOCK_TOPIC.type,
            qos.CLOCK_TOPIC.name,
            lambda message: clock.append(messages.seconds(message.clock)),
            qos.CLOCK,
        )
        trials.wait(lambda: clock, DISCOVERY, "the clock")
        for seed in range(episodes):
            clock.clear()
            begin = time.monotonic()
            claimed += trials.run(get("stack_red_on_blue"), seed).claimed
            wall += time.monotonic() - begin
            simulated += clock[-1] - clock[0]
    return {"real_time_factor": simulated / wall, "episodes": episodes, "claimed": claimed}


def _count(node, rate: float, seconds: float) -> dict:
    stamps: dict[str, list[float]] = {camera: [] for camera in qos.CAMERAS}
    latencies: list[float] = []

    def note(camera: str):
        def callback(message: Image, info: dict) -> None:
            latencies.append((time.time_ns() - info["source_timestamp"]) / 1e6)
            stamps[camera].append(messages.seconds(message.header.stamp))

        return callback

    for camera in qos.CAMERAS:
        node.create_subscription(Image, qos.image(camera).name, note(camera), qos.IMAGE)
    end = time.monotonic() + DISCOVERY
    while not all(stamps.values()) and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    if not all(stamps.values()):
        raise UserError(
            f"No images of both cameras came within {DISCOVERY:.0f} s: see 'ros2 run {PACKAGE} mujoco_bridge'."
        )
    for received in stamps.values():
        received.clear()
    latencies.clear()
    begin = time.monotonic()
    while (left := begin + seconds - time.monotonic()) > 0:
        rclpy.spin_once(node, timeout_sec=left)
    missing = sum(_missing(received, rate) for received in stamps.values())
    arrived = sum(map(len, stamps.values()))
    return {
        "sent": arrived + missing,
        "arrived": arrived,
        "ratio": arrived / (arrived + missing),
        "rate": arrived / len(stamps) / seconds,
        "latency_median_ms": float(np.median(latencies)),
        "latency_p99_ms": float(np.percentile(latencies, 99)),
    }


def _missing(stamps: list[float], rate: float) -> int:
    """Images sent between those that arrived: the bridge stamps them one period apart, give or take a half."""
    periods = np.diff(stamps) * rate
    return int(np.round(periods[periods > 1.5] - 1).sum())
