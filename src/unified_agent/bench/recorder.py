# SPDX-License-Identifier: Apache-2.0
"""What the recorder keeps up with, and what is left when it is killed."""

import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rclpy
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from unified_agent.graph.following import Follower
from unified_agent.nodes import messages, qos, transport
from unified_agent.recording.reader import BagReader

# Wall seconds in which a recorder starts, and in which it closes its files.
PATIENCE = 60.0
# Wall seconds that a message may be under way on a busy machine: large images lose fragments, which are sent again.
UNDER_WAY = 3.0
IMAGE_RATE, STATE_RATE = 30.0, 100.0
SIZE = (480, 640)


def recorder_profile(seconds: float = 60.0) -> dict:
    """Two cameras at 640x480 and 30 Hz and joint states at 100 Hz, from this process into the recorder's bag.

    Returns:
        ``sent`` and ``recorded`` messages, ``lost``, ``cpu``: the recorder's share of one core, and ``megabytes`` of
        the bag.
    """
    with tempfile.TemporaryDirectory(prefix="unified_agent_") as folder, _Source(Path(folder)) as source:
        begin = time.monotonic()
        source.play(seconds)
        wall = time.monotonic() - begin
        spent = source.end()
        bag = source.bag()
        reader = BagReader(bag)
        # A recording has the names as they are without a namespace.
        counts = dict.fromkeys((f"/{name}" for name in source.sent), 0)
        for message in reader.messages(counts):
            counts[message.topic] += 1
    return {
        "sent": sum(source.sent.values()),
        "recorded": sum(counts.values()),
        "lost": sum(source.sent.values()) - sum(counts.values()),
        "rate": source.sent[qos.image(qos.CAMERAS[0]).name] / wall,
        "cpu": spent / wall,
        "megabytes": reader.size / 2**20,
    }


def crash_profile(times: int = 20) -> dict:
    """The recorder killed (SIGKILL) at random moments while it records as in `recorder_profile`.

    Returns:
        ``kills``, ``readable`` bags, and ``lost_worst`` and ``lost_median``: seconds between the kill and the last
        message that can be read.
    """
    lost = []
    for number in range(times):
        with tempfile.TemporaryDirectory(prefix="unified_agent_") as folder, _Source(Path(folder)) as source:
            source.play(random.Random(number).uniform(1.5, 4.0))
            killed = time.time_ns()
            source.kill()
            stamps = [message.received for message in BagReader(source.bag()).messages()]
            if stamps:
                lost.append((killed - max(stamps)) / messages.NANO)
    return {
        "kills": times,
        "readable": len(lost),
        "lost_worst": max(lost, default=float("nan")),
        "lost_median": float(np.median(lost)),
    }


class _Source:
    """A recorder process, and the sensors and episode that it hears, published from here.

    Attributes:
        sent: topic -> messages published.
    """

    def __init__(self, folder: Path):
        self._folder = folder / "run"
        self.sent = {qos.image(camera).name: 0 for camera in qos.CAMERAS} | {qos.JOINT_STATES.name: 0}

    def __enter__(self) -> "_Source":
        transport.prepare(sends=True)
        command = [sys.executable, "-m", "unified_agent.nodes.recorder", "--ros-args"]
        command += ["-p", f"directory:={self._folder}", "-p", "video:=false"]
        self._before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._recorder = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._follower = Follower(announce=False)
        node = self._follower.__enter__().node
        offered = [*map(qos.image, qos.CAMERAS), qos.JOINT_STATES, qos.EPISODE]
        self._publishers = {topic.name: node.create_publisher(topic.type, topic.name, topic.qos) for topic in offered}
        self._follow(lambda: all(one.get_subscription_count() for one in self._publishers.values()))
        self._follow(lambda: "recorder" in self._follower.diagnostics)
        self._publishers[qos.EPISODE.name].publish(String(data="start measuring"))
        self._follow(lambda: self._follower.figure("recorder", "recording"))
        return self

    def __exit__(self, *error) -> None:
        self.kill()
        self._follower.__exit__(*error)

    def play(self, seconds: float) -> None:
        """Publish everything at its rate."""
        noise = np.random.default_rng(0).integers(0, 40, (*SIZE, 3), dtype=np.uint8)
        ramp = np.linspace(0, 200, SIZE[1], dtype=np.uint8)[None, :, None]
        image = messages.image_message(noise + ramp, messages.stamp(0.0), "camera")
        state = JointState(name=["elbow"], position=[0.0])
        begin = time.monotonic()
        due = dict.fromkeys(self.sent, 0.0)
        while (now := time.monotonic() - begin) < seconds:
            for topic, at in due.items():
                if now >= at:
                    message = state if topic == qos.JOINT_STATES.name else image
                    message.header.stamp = messages.stamp(now)
                    self._publishers[topic].publish(message)
                    self.sent[topic] += 1
                    # As a camera does: what could not be sent in its time is never made up for in a burst.
                    period = 1 / (STATE_RATE if message is state else IMAGE_RATE)
                    due[topic] = max(at + period, now)
            time.sleep(max(0.0, begin + min(due.values()) - time.monotonic()))

    def end(self) -> float:
        """End the episode, when what is under way has come, and the recorder; the CPU seconds that it used."""
        time.sleep(UNDER_WAY)
        self._publishers[qos.EPISODE.name].publish(String(data="end success"))
        self._follow(lambda: self._follower.figure("recorder", "written"))
        self._recorder.send_signal(signal.SIGINT)
        self._recorder.wait(PATIENCE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - self._before.ru_utime - self._before.ru_stime

    def kill(self) -> None:
        """Take the recorder away without a warning."""
        self._recorder.kill()
        self._recorder.wait()

    def bag(self) -> Path:
        """The episode's."""
        return self._folder / "episode_001"

    def _follow(self, condition) -> None:
        end = time.monotonic() + PATIENCE
        while not condition() and time.monotonic() < end:
            rclpy.spin_once(self._follower.node, timeout_sec=0.05)
