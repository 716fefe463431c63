# SPDX-License-Identifier: Apache-2.0
"""The thread in which the recorder draws its videos, so that drawing never costs a message."""

import queue
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image

from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.qos import Topic
from unified_agent.recording.episode import HEARD, EpisodeVideo
from unified_agent.recording.images import FrameReader

# Messages that may wait to be drawn; with more, images are left out of the video.
BACKLOG = 60
# Wall seconds that drawing gets to end when the node does.
PATIENCE = 8.0


class Drawing:
    """Draws one video after another.

    Args:
        node: whose thread it is, and which reports what cannot be drawn.
        cameras: names of those whose images are drawn.

    Attributes:
        left_out: frames that came while too many waited.
    """

    def __init__(self, node: shell.AgentNode, cameras: Sequence[str]):
        self.left_out = 0
        self._cameras = tuple(cameras)
        self._camera_of = {topic(name).name: name for name in cameras for topic in (qos.image, qos.compressed_image)}
        self._reader = FrameReader(lambda what: node.report(shell.WARN, f"recorded, but not drawn: {what}"))
        self._node = node
        self._video: EpisodeVideo | None = None
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = node.in_thread(self._run)

    def begin(self, path: Path, instruction: str, rate: int) -> None:
        """The next video, of what is shown from now on; ``rate`` in frames a second."""
        self._video = EpisodeVideo(path, self._cameras, rate)
        self._video.scene.instruction = instruction

    def show(self, topic: Topic, data: bytes) -> None:
        """A message of the graph, where it is one that is drawn."""
        video = self._video
        if video is None or not (topic.name in HEARD or topic.name in self._camera_of):
            return
        if topic.name in self._camera_of and self._work.qsize() > BACKLOG:
            self.left_out += 1
            return
        self._work.put(partial(self._draw, video, topic, data))

    def end(self, done: Callable[[Path | None], None]) -> None:
        """Finish the video; ``done`` is then called, in the thread, with its path, or None where there is none."""
        video, self._video = self._video, None

        def finish() -> None:
            if video is not None:
                video.close()
            done(video.path if video is not None and video.frames else None)

        self._work.put(finish)

    def close(self) -> None:
        """End the thread when everything is drawn."""
        self._work.put(None)
        self._thread.join(timeout=PATIENCE)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except UserError as error:
                self._node.report(shell.WARN, f"recorded, but not drawn: {error}")
            except OSError as error:
                self._node.report(shell.ERROR, f"the video cannot be written: {error}")

    def _draw(self, video: EpisodeVideo, topic: Topic, data: bytes) -> None:
        message = deserialize_message(data, topic.type)
        if topic.type not in (Image, CompressedImage):
            video.hear(topic.name, message)
            return
        camera, stamp = self._camera_of[topic.name], message.header.stamp
        frame = self._reader.read(camera, message)
        if frame is not None:
            taken = stamp.sec * messages.NANO + stamp.nanosec
            # A driver that leaves its stamps empty is taken at the time of receipt, or nearly so.
            video.see(camera, taken or self._node.get_clock().now().nanoseconds, frame)
