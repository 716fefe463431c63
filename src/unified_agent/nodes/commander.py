# SPDX-License-Identifier: Apache-2.0
"""Who commands an arm: one publisher at a time."""

import time

from rclpy.node import Node

from unified_agent.errors import UserError

SILENT = 5.0
"""Wall seconds of silence after which a node of the same name, started again, may go on where it left."""


class SecondCommander(UserError):
    """A command from another publisher than the one that commands the arm."""


class Commander:
    """Holds a command topic for the publisher that commanded first, for as long as it is there.

    Another one is refused until the first is gone; so is a second one of the same name while the first has said
    something within the last seconds. A publisher that was killed stays in ROS's graph for a while, so its successor
    is known by its name. Where a message does not say who sent it (older rclpy), all are refused while two offer the
    topic.

    Args:
        node: the one that listens.
        topic: its name, as it was subscribed.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node, self._topic = node, node.resolve_topic_name(topic)
        self._holder: bytes | None = None
        self._name, self._heard = "", 0.0

    def admit(self, info: dict) -> None:
        """Take note of a command.

        Args:
            info: rclpy's message info.

        Raises:
            SecondCommander: it is another's.
        """
        sender = info.get("publisher_gid", {}).get("data")
        if sender is not None and sender == self._holder:
            self._heard = time.monotonic()
            return
        offered = self._node.get_publishers_info_by_topic(self._topic)
        names = {bytes(offer.endpoint_gid)[: len(sender or b"")]: _name(offer) for offer in offered}
        if sender is None:
            if len(offered) > 1:
                raise self._refusal(", ".join(sorted(map(_name, offered))))
            return
        name = names.get(sender, "")
        again = name == self._name and time.monotonic() - self._heard > SILENT
        if self._holder in names and not again:
            raise self._refusal(f"{self._name} commands it and {name or 'another node'} wants to")
        self._holder, self._name, self._heard = sender, name, time.monotonic()

    def _refusal(self, who: str) -> SecondCommander:
        return SecondCommander(f"{self._topic} has one commander at a time: {who}. Stop all but one.")


def _name(offer) -> str:
    return f"{offer.node_namespace.rstrip('/')}/{offer.node_name}"
