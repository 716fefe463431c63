# SPDX-License-Identifier: Apache-2.0
"""The recorder node: every episode as a rosbag2 directory (MCAP) and a video."""

import queue
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.nodes import messages, shell, topics
from unified_agent.nodes.parameters import Spec
from unified_agent.nodes.topics import Topic
from unified_agent.recording.bag import BagWriter, quality_of_service
from unified_agent.recording.episode import EpisodeVideo
from unified_agent.robot.arm import Arm

FLUSH_PERIOD = 0.5
# After an episode's end the recording goes on for this long (wall seconds), so that the video shows how it stands.
TAIL = 1.0
# Messages that may wait to be drawn; with more, images are left out of the video.
BACKLOG = 60
# Wall seconds that drawing gets to end when the node does.
DRAWING_PATIENCE = 8.0


class Recorder(shell.AgentNode):
    """Opens an episode at ``start``, closes it after ``end``, and holds everything that is sent in between.

    Messages go to the bag as they came, undecoded, in the thread that receives them; the video is drawn in another, so
    that drawing never costs a message. A video that falls behind leaves frames out.

    Attributes:
        run: folder of the recordings.
        bag: of the open episode; None between episodes.
    """

    PARAMETERS = (
        Spec("directory", "", "Folder of this run's recordings; empty: runs/<date-time> where the node was started."),
        Spec("arm", "fr3", "Name of the arm (config/arms/) or path of its YAML file: it names the controller topics."),
        Spec("video", True, "Whether an MP4 is written beside each bag."),
        Spec("video_rate", 10, "Frames a second of the video.", low=1, high=60),
    )

    def __init__(self, **options):
        super().__init__("recorder", **options)
        arm = Arm.load(self.settings["arm"])
        directory = self.settings["directory"] or datetime.now().strftime("runs/%Y-%m-%d_%H-%M-%S")
        self.run = Path(directory).expanduser().absolute()
        self._topics = topics.recorded((arm.arm_topic, arm.gripper_topic))
        # What was said before an episode starts and belongs to it.
        self._standing: dict[str, bytes] = {}
        self.bag: BagWriter | None = None
        self._video: EpisodeVideo | None = None
        self._drawing: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._number = self._left_out = 0
        self._written = ""
        self._closing = None
        for topic in self._topics:
            self.listen(topic, partial(self._record, topic), topics.RECORDED, raw=True)
        self.create_timer(FLUSH_PERIOD, self._flush, clock=self.steady)
        self._drawer = self.in_thread(self._draw)
        self.report(shell.OK, f"ready: recordings go to {self.run}")

    def figures(self) -> dict[str, object]:
        """What is being written, and the bag and video of the last whole episode."""
        bag = self.bag
        return {
            "recording": "" if bag is None else bag.folder,
            "messages": 0 if bag is None else sum(bag.counts.values()),
            "frames left out of videos": self._left_out,
            "written": self._written,
        }

    def close(self) -> None:
        """Finish the open episode, also on Ctrl-C."""
        self._close_episode()
        self._drawing.put(None)
        self._drawer.join(timeout=DRAWING_PATIENCE)

    def _record(self, topic: Topic, data: bytes) -> None:
        if topic in (topics.INSTRUCTION, topics.PLAN):
            self._standing[topic.name] = data
        try:
            if topic is topics.EPISODE:
                self._on_episode(deserialize_message(data, topic.type).data)
            if self.bag is None:
                return
            self.bag.write(topic.name, data, self._now())
        except (OSError, UserError) as error:
            self._give_up(error)
            return
        self._show(topic, data)

    def _on_episode(self, text: str) -> None:
        verb, _, rest = text.partition(" ")
        if verb == "start":
            self._close_episode()
            self._open_episode(rest)
        elif verb == "end" and self.bag is not None:
            self._closing = self.create_timer(TAIL, self._close_episode, clock=self.steady)

    def _open_episode(self, instruction: str) -> None:
        self._number += 1
        while (self.run / f"episode_{self._number:03d}").exists():
            self._number += 1
        folder = self.run / f"episode_{self._number:03d}"
        self.bag = BagWriter(folder)
        for topic in self._topics:
            self.bag.add_topic(topic.name, topic.type_name, _quality_of_service(topic.qos))
        if self.settings["video"]:
            self._video = EpisodeVideo(folder.with_suffix(".mp4"), topics.CAMERAS, self.settings["video_rate"])
            self._video.scene.instruction = instruction
        for topic in (topics.INSTRUCTION, topics.PLAN):
            if data := self._standing.get(topic.name):
                self.bag.write(topic.name, data, self._now())
                self._show(topic, data)
        self.report(shell.OK, f"recording {folder}")

    def _close_episode(self) -> None:
        if self._closing is not None:
            self.destroy_timer(self._closing)
            self._closing = None
        bag, self.bag = self.bag, None
        video, self._video = self._video, None
        if bag is None:
            return
        try:
            bag.close()
        except OSError as error:
            self.report(shell.ERROR, f"the recording {bag.folder} could not be finished: {error}")
            return
        self._drawing.put(partial(self._close_video, bag.folder, video))

    def _close_video(self, folder: Path, video: EpisodeVideo | None) -> None:
        files = [folder]
        if video is not None:
            video.close()
            files += [video.path] if video.frames else []
        self._written = "\n".join(map(str, files))
        if self.context.ok():
            self.report(shell.OK, f"wrote {' and '.join(map(str, files))}")

    def _flush(self) -> None:
        if self.bag is not None:
            try:
                self.bag.flush()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Stop recording this episode and say so: a recording with a hole must not pass for a whole one."""
        bag, self.bag, self._video = self.bag, None, None
        self.report(shell.ERROR, f"recording stopped: {error}")
        if bag is not None:
            try:
                bag.close()
            except OSError as closing:
                self.get_logger().error(f"{bag.folder} could not be closed: {closing}")

    def _show(self, topic: Topic, data: bytes) -> None:
        """Hand a message to the thread that draws, where it is one that is drawn."""
        video = self._video
        if video is None or topic.name not in _DRAWN:
            return
        if topic.type is Image and self._drawing.qsize() > BACKLOG:
            self._left_out += 1
            return
        self._drawing.put(lambda: _DRAWN[topic.name](video, deserialize_message(data, topic.type)))

    def _draw(self) -> None:
        while (work := self._drawing.get()) is not None:
            try:
                work()
            except UserError as error:
                self.report(shell.WARN, f"recorded, but not drawn: {error}")
            except OSError as error:
                self.report(shell.ERROR, f"the video cannot be written: {error}")

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds


def _draw_plan(video: EpisodeVideo, message: String) -> None:
    if sentences := messages.plan_sentences(message.data):
        video.plan(sentences)


def _draw_caption(video: EpisodeVideo, message: String) -> None:
    video.scene.caption = message.data


def _draw_episode(video: EpisodeVideo, message: String) -> None:
    verb, _, rest = message.data.partition(" ")
    video.scene.outcome = rest if verb == "end" else ""


def _draw_image(camera: str, video: EpisodeVideo, message: Image) -> None:
    video.see(camera, _nanoseconds(message.header.stamp), messages.frame_of(message))


_DRAWN: dict[str, Callable[[EpisodeVideo, Any], None]] = {
    topics.PLAN.name: _draw_plan,
    topics.SUBGOAL.name: lambda video, message: video.scene.progress.pursue(message.data),
    topics.REACHED.name: lambda video, message: video.scene.progress.reach(message.data),
    topics.CAPTION.name: _draw_caption,
    topics.EPISODE.name: _draw_episode,
    topics.SCORES.name: lambda video, message: video.score(
        _nanoseconds(message.header.stamp), messages.scores_of(message)
    ),
    **{topics.image(camera).name: partial(_draw_image, camera) for camera in topics.CAMERAS},
}


def _nanoseconds(stamp) -> int:
    return stamp.sec * messages.NANO + stamp.nanosec


def _quality_of_service(qos: QoSProfile) -> dict:
    return quality_of_service(
        "reliable" if qos.reliability == ReliabilityPolicy.RELIABLE else "best_effort",
        "transient_local" if qos.durability == DurabilityPolicy.TRANSIENT_LOCAL else "volatile",
        qos.depth,
    )


def main() -> int:
    """The program ``recorder``."""
    return shell.main("recorder", Recorder)


if __name__ == "__main__":
    sys.exit(main())
