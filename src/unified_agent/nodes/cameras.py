# SPDX-License-Identifier: Apache-2.0
"""A camera as its driver sends it: raw images, or compressed ones where only these come."""

import time
from collections.abc import Callable
from functools import partial

from sensor_msgs.msg import CompressedImage, Image

from unified_agent.errors import UserError
from unified_agent.nodes import qos, shell
from unified_agent.nodes.arrivals import Arrivals
from unified_agent.nodes.listening import Listening
from unified_agent.nodes.qos import Topic

MOST = 4
"""Cameras of one agent."""
LOOK_PERIOD = 0.25
# Without a raw image for this long (wall seconds), compressed ones are taken even if raw ones are announced.
RAW_SILENT = 2.0


def checked(cameras: list[str]) -> tuple[str, ...]:
    """The value of a parameter ``cameras``.

    Raises:
        UserError: none, more than `MOST`, or one twice.
    """
    names = tuple(name.strip() for name in cameras if name.strip())
    if not 1 <= len(names) <= MOST or len(set(names)) < len(names):
        raise UserError(f"Parameter 'cameras' names 1 to {MOST} cameras, each once, not {list(cameras)}.")
    return names


class LiveCamera:
    """The images of one camera.

    Raw ones are preferred where both are sent. Who listens to compressed ones makes a driver compress, so that is only
    done where no raw ones come.

    Args:
        node: that listens.
        name: of the camera.
        callback: called with the topic and every image.
        profile: quality of service asked for.
        raw: whether the callback gets bytes.

    Attributes:
        name: of the camera.
        arrivals: how raw, and how compressed images come.
        heard: `time.monotonic` of its newest image; of the beginning, before the first.
    """

    def __init__(
        self, node: shell.AgentNode, name: str, callback: Callable[[Topic, object], None], profile, raw: bool = False
    ):
        self.name = name
        self.arrivals = {Image: Arrivals(), CompressedImage: Arrivals()}
        self.heard = self._raw_heard = time.monotonic()
        self._raw_came = False
        self._node, self._callback, self._profile, self._bytes = node, callback, profile, raw
        self._raw = node.listen(qos.image(name), partial(self._take, qos.image(name)), profile, raw=raw)
        self._compressed: Listening | None = None
        self._lost_compressed = 0
        node.create_timer(LOOK_PERIOD, self._look, clock=node.steady)

    @property
    def lost(self) -> int:
        """Images that were sent and never came."""
        known = self._raw.lost + self._lost_compressed + (self._compressed.lost if self._compressed else 0)
        return max(known, sum(arrivals.missed for arrivals in self.arrivals.values()))

    def _take(self, topic: Topic, image, info: dict) -> None:
        now = time.monotonic()
        self.arrivals[topic.type].note(info)
        if topic.type is Image:
            self._raw_heard, self._raw_came = now, True
        elif self._raw_came and now - self._raw_heard < RAW_SILENT:
            return
        self.heard = now
        self._callback(topic, image)

    def _look(self) -> None:
        topic = qos.compressed_image(self.name)
        raw_expected = self._node.count_publishers(self._raw.topic) and time.monotonic() - self._raw_heard < RAW_SILENT
        wanted = not raw_expected and self._node.count_publishers(self._node.resolve_topic_name(topic.name))
        if wanted and self._compressed is None:
            self._compressed = self._node.listen(topic, partial(self._take, topic), self._profile, raw=self._bytes)
        elif raw_expected and self._compressed is not None:
            self._lost_compressed += self._compressed.lost
            self.arrivals[CompressedImage].pause()
            self._node.forget(self._compressed)
            self._compressed = None
