# SPDX-License-Identifier: Apache-2.0
"""The recorder node: every episode as a rosbag2 directory (MCAP) and a video."""

import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message

from unified_agent.errors import UserError
from unified_agent.nodes import messages, shell, topics
from unified_agent.nodes.parameters import Spec
from unified_agent.nodes.topics import Topic
from unified_agent.recording.bag import quality_of_service
from unified_agent.recording.episode import EpisodeWriter, RecordedTopic
from unified_agent.robot.arm import Arm

FLUSH_PERIOD = 0.5
# After an episode's end the recording goes on for this long (wall seconds), so that the video shows how it stands.
TAIL = 1.0


class Recorder(shell.AgentNode):
    """Opens an episode at ``start``, closes it after ``end``, and holds everything that is sent in between."""

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
        self._recorded = [
            RecordedTopic(topic.name, topic.type_name, _quality_of_service(topic.qos)) for topic in self._topics
        ]
        self._readers = {
            topics.PLAN.name: self._on_plan,
            topics.SUBGOAL.name: self._on_subgoal,
            topics.REACHED.name: self._on_reached,
            topics.CAPTION.name: self._on_caption,
            topics.SCORES.name: self._on_scores,
        }
        if self.settings["video"]:
            for camera in topics.CAMERAS:
                self._readers[topics.image(camera).name] = partial(self._on_image, camera)
        # What was said before an episode starts and belongs to it.
        self._standing: dict[str, bytes] = {}
        self._episode: EpisodeWriter | None = None
        self._number = 0
        self._instruction = ""
        self._written = ""
        self._closing = None
        for topic in self._topics:
            qos = topics.CLOCK if topic is topics.CLOCK_TOPIC else topics.RECORDED
            self.listen(topic, self._recording(topic), qos, raw=True)
        self.create_timer(FLUSH_PERIOD, self._flush, clock=self.steady)
        self.report(shell.OK, f"ready: recordings go to {self.run}")

    def figures(self) -> dict[str, object]:
        """What is being written, and the bag and video of the last whole episode."""
        if self._episode is None:
            return {"recording": "", "written": self._written}
        counts = self._episode.bag.counts
        return {
            "recording": self._episode.bag.folder,
            "messages": sum(counts.values()),
            "written": self._written,
        }

    def close(self) -> None:
        """Finish the open episode, also on Ctrl-C."""
        self._close_episode()

    def _recording(self, topic: Topic):
        reader = self._readers.get(topic.name)

        def record(data: bytes) -> None:
            if topic in (topics.INSTRUCTION, topics.PLAN):
                self._standing[topic.name] = data
            try:
                if topic is topics.EPISODE:
                    self._on_episode(deserialize_message(data, topic.type))
                if self._episode is None:
                    return
                self._episode.write(topic.name, data, self._now())
            except (OSError, UserError) as error:
                self._give_up(error)
                return
            if reader is not None:
                self._draw(reader, deserialize_message(data, topic.type))

        return record

    def _draw(self, reader: Callable, message) -> None:
        try:
            reader(message)
        except UserError as error:
            self.report(shell.WARN, f"recorded, but not drawn: {error}")
        except OSError as error:
            self._give_up(error)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _on_episode(self, message) -> None:
        verb, _, text = message.data.partition(" ")
        if verb == "start":
            self._close_episode()
            self._number = self._free_number()
            self._episode = EpisodeWriter(
                self.run,
                self._number,
                self._recorded,
                topics.CAMERAS,
                self.settings["video_rate"] if self.settings["video"] else None,
            )
            self._episode.scene.instruction = text
            for name, data in self._standing.items():
                self._episode.write(name, data, self._now())
            if plan := self._standing.get(topics.PLAN.name):
                self._on_plan(deserialize_message(plan, topics.PLAN.type))
            self.report(shell.OK, f"recording {self._episode.bag.folder}")
        elif verb == "end" and self._episode is not None:
            self._episode.scene.outcome = text
            self._closing = self.create_timer(TAIL, self._close_episode, clock=self.steady)

    def _free_number(self) -> int:
        """The next episode's: never one that lies in the folder already."""
        number = self._number + 1
        while (self.run / f"episode_{number:03d}").exists():
            number += 1
        return number

    def _on_plan(self, message) -> None:
        if sentences := messages.plan_sentences(message.data):
            self._episode.plan(sentences)

    def _on_subgoal(self, message) -> None:
        self._episode.scene.progress.pursue(message.data)

    def _on_reached(self, message) -> None:
        self._episode.scene.progress.reach(message.data)

    def _on_caption(self, message) -> None:
        self._episode.scene.caption = message.data

    def _on_scores(self, message) -> None:
        self._episode.score(_nanoseconds(message.header.stamp), messages.scores_of(message))

    def _on_image(self, camera: str, message) -> None:
        self._episode.see(camera, _nanoseconds(message.header.stamp), messages.frame_of(message))

    def _flush(self) -> None:
        if self._episode is not None:
            try:
                self._episode.bag.flush()
            except OSError as error:
                self._give_up(error)

    def _close_episode(self) -> None:
        if self._closing is not None:
            self.destroy_timer(self._closing)
            self._closing = None
        episode, self._episode = self._episode, None
        if episode is None:
            return
        try:
            episode.close()
        except (OSError, UserError) as error:
            self.report(shell.ERROR, f"the recording {episode.bag.folder} could not be finished: {error}")
            return
        self._written = "\n".join(map(str, episode.files))
        if self.context.ok():
            self.report(shell.OK, f"wrote {' and '.join(map(str, episode.files))}")

    def _give_up(self, error: Exception) -> None:
        """Stop recording this episode and say so: a recording with a hole must not pass for a whole one."""
        episode, self._episode = self._episode, None
        self.report(shell.ERROR, f"recording stopped: {error}")
        if episode is not None:
            try:
                episode.close()
            except (OSError, UserError) as closing:
                self.get_logger().error(f"{episode.bag.folder} could not be closed: {closing}")


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
