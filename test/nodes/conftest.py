# SPDX-License-Identifier: Apache-2.0
"""A partner node that talks to the nodes under test, all in this process."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

rclpy = pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402

from unified_agent.nodes import qos  # noqa: E402

STRANGER = """
import sys, rclpy
from unified_agent.nodes import lives
rclpy.init()
node = rclpy.create_node(sys.argv[1])
alive = lives.show(node)
print("there", flush=True)
rclpy.spin(node)
"""


class Graph:
    """Nodes under test and a partner, spun together in this process.

    Attributes:
        partner: publishes and listens on behalf of the test.
    """

    def __init__(self) -> None:
        self._context = rclpy.Context()
        self._context.init(args=[])
        self._executor = SingleThreadedExecutor(context=self._context)
        self._nodes: list = []
        self._publishers: dict = {}
        self._strangers: list[subprocess.Popen] = []
        self.partner = rclpy.create_node("partner", context=self._context)
        self._executor.add_node(self.partner)

    def add(self, kind: type, **parameters):
        """A node of the package with these parameters."""
        node = kind(overrides=parameters, context=self._context)
        self._nodes.append(node)
        self._executor.add_node(node)
        return node

    def stranger(self, name: str) -> Callable[[], None]:
        """A process whose node of that name only lives; what kills it."""
        process = subprocess.Popen([sys.executable, "-c", STRANGER, name], stdout=subprocess.PIPE)
        self._strangers.append(process)
        process.stdout.readline()
        return process.kill

    def heard(self, topic: qos.Topic, profile=None) -> list:
        """Everything that is said on a topic from now on."""
        messages: list = []
        self.partner.create_subscription(topic.type, topic.name, messages.append, profile or qos.COMMAND)
        return messages

    def say(self, topic: qos.Topic, message) -> None:
        """Publish, once somebody listens."""
        if topic.name not in self._publishers:
            publisher = self.partner.create_publisher(topic.type, topic.name, topic.qos)
            self.until(lambda: publisher.get_subscription_count() > 0)
            # The publisher knows of its subscribers a moment before they know of it.
            self.spin(0.2)
            self._publishers[topic.name] = publisher
        self._publishers[topic.name].publish(message)

    def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Spin until something is so."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come true in time"
            self._executor.spin_once(timeout_sec=0.02)

    def spin(self, seconds: float) -> None:
        """Spin for some wall time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=min(left, 0.02))

    def diagnosis(self, node: str) -> Callable[[], str]:
        """The newest message of a node on /diagnostics, asked for again and again."""
        newest = {"message": ""}

        def note(array: DiagnosticArray) -> None:
            for status in array.status:
                if status.name == node:
                    newest["message"] = status.message

        self.partner.create_subscription(DiagnosticArray, qos.DIAGNOSTICS.name, note, qos.RECORDED)
        return lambda: newest["message"]

    def close(self) -> None:
        """End everything."""
        for node in self._nodes:
            node.close()
            node.destroy_node()
        self.partner.destroy_node()
        self._executor.shutdown()
        self._context.try_shutdown()
        for process in self._strangers:
            process.kill()
            process.communicate()


@pytest.fixture
def graph() -> Iterator[Graph]:
    graph = Graph()
    yield graph
    graph.close()
