# SPDX-License-Identifier: Apache-2.0
"""Which nodes of the graph live: told by the middleware's liveliness, within a second, also of one that was killed."""

from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import LivelinessPolicy, QoSProfile
from std_msgs.msg import Empty

# Wall seconds without a sign of life after which a node counts as gone. The middleware's own threads give the signs:
# a node that computes is not taken for a dead one.
LEASE = 0.6
# Wall seconds in which one that counts as gone may still be heard of: on a busy machine signs of life come late.
GRACE = 0.25


def topic_of(name: str) -> str:
    """The topic that a node only offers, and never publishes on: that it is offered says that the node lives."""
    return f"{name}/alive"


def show(node: Node):
    """Let others see that a node lives; keep what is returned."""
    return node.create_publisher(Empty, topic_of(node.get_name()), _profile())


class Watched:
    """Another node of this namespace, watched from one.

    Args:
        node: that watches; the callback runs in its executor.
        name: of the node that is watched.
        gone: called when the last node of that name has gone, however it ended.

    Attributes:
        alive: how many nodes of that name live; two are one too many. One in doubt counts as one that lives.
        known: whether one was ever there.
    """

    def __init__(self, node: Node, name: str, gone: Callable[[], None] | None = None):
        self.alive = 0
        self.known = False
        self._node, self._gone = node, gone
        self._clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._doubt = None
        self._subscription = node.create_subscription(
            Empty,
            topic_of(name),
            lambda message: None,
            _profile(),
            event_callbacks=SubscriptionEventCallbacks(liveliness=self._changed),
        )

    @property
    def gone(self) -> bool:
        """Whether it was there and is no more."""
        return self.known and not self.alive

    def _changed(self, event) -> None:
        if event.alive_count:
            self._end_doubt()
            self.alive, self.known = event.alive_count, True
        elif self.alive and self._doubt is None:
            self._doubt = self._node.create_timer(GRACE, self._no_more_doubt, clock=self._clock)

    def _no_more_doubt(self) -> None:
        self._end_doubt()
        self.alive = 0
        if self._gone is not None:
            self._gone()

    def _end_doubt(self) -> None:
        if self._doubt is not None:
            self._node.destroy_timer(self._doubt)
            self._doubt = None


def _profile() -> QoSProfile:
    return QoSProfile(
        depth=1, liveliness=LivelinessPolicy.AUTOMATIC, liveliness_lease_duration=Duration(nanoseconds=int(LEASE * 1e9))
    )
