# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
import threading
from xml.etree import ElementTree

import pytest

from unified_agent import paths
from unified_agent.nodes import transport


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for variable in (
        "ROS_DISTRO",
        transport.PROFILE_VARIABLE,
        transport.OLD_PROFILE_VARIABLE,
        transport.RANGE_VARIABLE,
    ):
        monkeypatch.setenv(variable, "to be put back")
        monkeypatch.delenv(variable)


def segment() -> int:
    """Bytes of shared memory in the profile that ROS is given."""
    path = os.environ.get(transport.PROFILE_VARIABLE) or os.environ[transport.OLD_PROFILE_VARIABLE]
    return int(ElementTree.parse(path).find(".//{*}segment_size").text)


@pytest.mark.parametrize(
    ("distro", "wheel", "variable"),
    [
        ("", "no-such-wheel", transport.PROFILE_VARIABLE),
        ("", "pytest", transport.OLD_PROFILE_VARIABLE),
        ("kilted", "pytest", transport.PROFILE_VARIABLE),
        ("jazzy", "no-such-wheel", transport.OLD_PROFILE_VARIABLE),
    ],
)
def test_who_sends_images_has_room_for_several(monkeypatch, distro, wheel, variable):
    monkeypatch.setenv("ROS_DISTRO", distro)
    monkeypatch.setattr(transport, "OLD_WHEEL", wheel)
    transport.prepare(sends=True)
    assert variable in os.environ
    assert segment() > 2 * 1920 * 1080 * 3
    assert os.environ[transport.RANGE_VARIABLE] == "LOCALHOST"


def test_a_whole_graph_fits_into_the_shared_memory_of_a_container():
    transport.make_room_for_images(sends=True)
    bridge = segment()
    # What a process is handed by the one that started it was for that one.
    transport.make_room_for_images()
    others = 7 * segment()
    assert bridge + others < 0.6 * 64 * 2**20


def test_what_the_person_has_set_stays(monkeypatch):
    monkeypatch.setenv(transport.OLD_PROFILE_VARIABLE, "/etc/lab.xml")
    monkeypatch.setenv(transport.RANGE_VARIABLE, "SUBNET")
    transport.prepare()
    assert os.environ[transport.OLD_PROFILE_VARIABLE] == "/etc/lab.xml"
    assert transport.PROFILE_VARIABLE not in os.environ
    assert os.environ[transport.RANGE_VARIABLE] == "SUBNET"


def test_the_profile_ships_with_the_package():
    assert (paths.share() / "config" / "fastdds.xml").is_file()


SENDER = """
import array, sys, time
from sensor_msgs.msg import Image
from unified_agent.nodes import qos, shell
from unified_agent.nodes.qos import Topic

class Sender(shell.AgentNode):
    SENDS_IMAGES = True

    def __init__(self):
        super().__init__("sender")
        self.images = self.offer(Topic("large", Image, qos.IMAGE))
        self.image = Image(height=1080, width=1920, encoding="rgb8", step=5760, data=array.array("B", bytes(6220800)))
        self.left, self.met = 15, 0
        self.create_timer(0.2, self.send)

    def send(self):
        # Who has discovered the taker has not been discovered by it yet: what is best effort would be lost.
        self.met += self.images.get_subscription_count() > 0
        if self.met > 5 and self.left:
            self.left -= 1
            self.images.publish(self.image)

sys.exit(shell.main("sender", Sender))
"""
TAKER = """
import sys, time
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from unified_agent.nodes import qos, shell
from unified_agent.nodes.qos import Topic

class Taker(shell.AgentNode):
    def __init__(self):
        super().__init__("taker")
        camera = QoSProfile(depth=15, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.listen(Topic("large", Image, qos.IMAGE), lambda image: print("image", flush=True), camera)

sys.exit(shell.main("taker", Taker))
"""


def test_all_large_images_arrive_between_two_plain_processes():
    pytest.importorskip("rclpy", reason="the nodes need ROS 2")
    environment = {**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    options = {"stdout": subprocess.PIPE, "text": True, "env": environment}
    taker, sender = (subprocess.Popen([sys.executable, "-c", code], **options) for code in (TAKER, SENDER))
    try:
        watchdog = threading.Timer(30.0, taker.terminate)
        watchdog.start()
        arrived = [line for _, line in zip(range(15), taker.stdout, strict=False) if line == "image\n"]
        watchdog.cancel()
    finally:
        for process in (taker, sender):
            process.terminate()
            process.communicate(timeout=20)
    assert len(arrived) == 15


@pytest.mark.parametrize("name", ["fastdds.xml", "fastdds_images.xml"])
def test_a_killed_node_leaves_the_graph_within_seconds(name):
    root = ElementTree.parse(paths.share() / "config" / name).getroot()
    (seconds,) = [
        element.text for element in root.iter() if element.tag.endswith("leaseDuration") for element in element
    ]
    assert int(seconds) <= 3
