# SPDX-License-Identifier: Apache-2.0
"""The thread in which the recorder draws its videos, so that drawing never costs a message."""

import queue
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rclpy.serialization import deserialize_message

from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.qos import Topic
from unified_agent.recording.cdr import stamp_in
from unified_agent.recording.episode import HEARD, WAITING, EpisodeVideo
from unified_agent.recording.images import FrameReader
from unified_agent.recording.pairing import TOLERANCE, Moment, Pairing

# Moments that wait to be drawn, and their bytes: with more, none is added.
BACKLOG, ROOM = 24, 128 * 2**20
# Wall seconds that drawing gets to end when the node does.
PATIENCE = 8.0


class Drawn(NamedTuple):
    """A finished video.

    Attributes:
        path: of the file.
        seconds: that it lasts.
        left_out: frames that were not drawn because drawing was too slow; those before them are shown longer.
    """

    path: Path
    seconds: float
    left_out: int


class Drawing:
    """Draws one video after another.

    Images are paired undecoded, and only those that the video shows are decoded. Where drawing is slower than the
    graph, the video has fewer frames, evenly, and lasts as long as the episode all the same.

    Args:
        node: whose thread it is, and which reports what cannot be drawn.
        cameras: names of those whose images are drawn.

    Attributes:
        left_out: frames so far that were not drawn because drawing was too slow.
    """

    def __init__(self, node: shell.AgentNode, cameras: Sequence[str]):
        self.left_out = 0
        self._cameras = tuple(cameras)
        self._camera_of = {
            topic(name).recorded: name for name in cameras for topic in (qos.image, qos.compressed_image)
        }
        self._reader = FrameReader(lambda what: node.report(shell.WARN, f"recorded, but not drawn: {what}"))
        self._node = node
        self._video: _Video | None = None
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = node.in_thread(self._run)

    def begin(self, path: Path, instruction: str, rate: int) -> None:
        """The next video, of what is shown from now on; ``rate`` in frames a second."""
        self._video = _Video(path, self._cameras, rate)
        self._video.drawn.scene.instruction = instruction

    def show(self, topic: Topic, data: bytes) -> None:
        """A message of the graph, where it is one that is drawn."""
        video = self._video
        if video is None:
            return
        if topic.recorded in HEARD:
            self._work.put(partial(self._hear, video, topic, data))
        elif camera := self._camera_of.get(topic.recorded):
            received = self._now()
            # A driver that leaves its stamps empty is taken at the time of receipt.
            for moment in video.moments.put(camera, stamp_in(data) or received, (topic, data)):
                self._take(video, moment, received)

    def end(self, done: Callable[[Drawn | None], None]) -> None:
        """Finish the video; ``done`` is then called in the thread, with None where there is no video."""
        video, self._video = self._video, None
        received = self._now()
        if video is not None:
            for moment in video.moments.rest():
                self._take(video, moment, received)
            if video.skipped is not None:
                self._put(video, *video.skipped)

        def finish() -> None:
            drawn = None
            try:
                if video is not None:
                    video.drawn.close(received)
                    if video.drawn.frames:
                        drawn = Drawn(video.drawn.path, video.drawn.seconds, video.left_out)
            finally:
                done(drawn)

        self._work.put(finish)

    def close(self) -> None:
        """End the thread when everything is drawn, or `PATIENCE` is over."""
        self._work.put(None)
        self._thread.join(timeout=PATIENCE)
        if self._thread.is_alive():
            self._node.get_logger().error(f"the video was cut: drawing it took longer than {PATIENCE:g} s")

    def _now(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _take(self, video: "_Video", moment: Moment, received: int) -> None:
        if video.wants(moment.stamp):
            self._put(video, moment, received)
        else:
            video.skipped = (moment, received)
        self.left_out += video.newly_left_out()

    def _put(self, video: "_Video", moment: Moment, received: int) -> None:
        video.skipped = None
        video.taken += 1
        video.bytes_taken += _size(moment)
        self._work.put(partial(self._draw, video, moment, received))

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except UserError as error:
                self._node.report(shell.WARN, f"recorded, but not drawn: {error}")
            except OSError as error:
                self._node.report(shell.ERROR, f"the video cannot be written: {error}")

    def _hear(self, video: "_Video", topic: Topic, data: bytes) -> None:
        video.drawn.hear(topic.recorded, deserialize_message(data, topic.type))

    def _draw(self, video: "_Video", moment: Moment, received: int) -> None:
        video.done += 1
        video.bytes_done += _size(moment)
        frames = []
        for camera, (topic, data) in zip(self._cameras, moment.frames, strict=True):
            frame = self._reader.read(camera, deserialize_message(data, topic.type))
            if frame is None:
                return
            frames.append(frame)
        video.drawn.show(Moment(moment.stamp, tuple(frames)), received)


class _Video:
    """A video that is being drawn, and which moments it shows.

    Attributes:
        drawn: the video.
        moments: pairs images that are not decoded.
        skipped: the newest moment that is not drawn, and when it was received; it is drawn when no other comes.
        taken, bytes_taken: moments that were given to the thread so far, and their size.
        done, bytes_done: of those, the ones that it has taken up; written by the thread alone.
        left_out: frames that are not drawn because drawing is too slow.
    """

    def __init__(self, path: Path, cameras: Sequence[str], rate: int):
        self.drawn = EpisodeVideo(path, cameras, rate)
        self.moments = Pairing(cameras, round(TOLERANCE * messages.NANO), WAITING)
        self.skipped: tuple[Moment, int] | None = None
        self.taken = self.bytes_taken = self.done = self.bytes_done = self.left_out = 0
        self._told = 0
        self._period = messages.NANO // rate
        self._first: int | None = None
        self._due, self._shown = -1, -BACKLOG

    def wants(self, stamp: int) -> bool:
        """Whether the next moment is drawn."""
        self._first = stamp if self._first is None else self._first
        number = round((stamp - self._first) / self._period)
        if number < self._due:  # its stamps jumped back
            self._due, self._shown = number - 1, number - BACKLOG
        if number == self._due:
            return False
        self._due = number
        waiting, size = self.taken - self.done, self.bytes_taken - self.bytes_done
        # The more wait, the fewer are added: their number settles where as many come as are drawn.
        if number < self._shown + waiting // 2 or waiting >= BACKLOG or size > ROOM:
            self.left_out += 1
            return False
        self._shown = number
        return True

    def newly_left_out(self) -> int:
        """Since the last call."""
        new, self._told = self.left_out - self._told, self.left_out
        return new


def _size(moment: Moment) -> int:
    return sum(len(data) for _, data in moment.frames)
