# SPDX-License-Identifier: Apache-2.0
"""The recorder node: every episode as a rosbag2 directory (MCAP) and a video."""

import array
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

from unified_agent import topics as names
from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.arrivals import Arrivals
from unified_agent.nodes.cameras import LiveCamera, checked
from unified_agent.nodes.drawing import Drawing, Drawn
from unified_agent.nodes.lives import Watched
from unified_agent.nodes.parameters import Spec
from unified_agent.nodes.qos import Topic
from unified_agent.paths import expanded
from unified_agent.recording.background import BackgroundWriter
from unified_agent.recording.bag import BagWriter, quality_of_service, topic_info
from unified_agent.recording.facts import LATE, WORDS, EpisodeFacts
from unified_agent.recording.images import COMPRESSED_IMAGE, compressed
from unified_agent.recording.models_used import models_used
from unified_agent.robot.arm import Arm

LOOK_PERIOD = 0.5
# After an episode's end the recording goes on for this long (wall seconds), so that the video shows how it stands.
TAIL = 1.0
# Wall seconds in which a recorder that comes late is told of everything that was said of episodes before.
CATCH_UP = 0.5
# What was said before an episode starts and belongs to it.
STANDING = (qos.INSTRUCTION, qos.PLAN, qos.SUBGOAL)
MEGABYTE = 2**20
# Part of the agent -> parameter that names its model.
MODELS = {"clip": "clip_model", "planner": "planner", "policy": "policy"}


class DiskFull(UserError):
    """Too little room is left for a recording."""


class Recorder(shell.AgentNode):
    """Opens an episode at ``start``, closes it after ``end``, and holds everything that is sent in between.

    Topics stand in the bag under their names as without a namespace, which ``episode.json`` tells.
    Messages go to the bag as they came, undecoded (images are encoded where ``image_format`` asks for it), and a thread
    writes them. Whatever goes wrong ends the recording, never the node; /diagnostics says why.

    Attributes:
        run: folder of the recordings.
        bag: of the open episode; None between episodes.
    """

    PARAMETERS = (
        Spec("directory", "", "Folder of this run's recordings; empty: runs/<date-time> where the node was started."),
        Spec(
            "arm", "default", "Name of the arm (config/arms/) or path of its YAML file: it names the controller topics."
        ),
        Spec("cameras", list(qos.CAMERAS), "Names of the 1 to 4 cameras that are recorded."),
        Spec("video", True, "Whether an MP4 is written beside each bag."),
        Spec("video_rate", 10, "Frames a second of the video.", low=1, high=60),
        Spec("image_format", "raw", "How images are recorded.", options=("raw", "jpeg", "png")),
        Spec("split_size", 1024, "Megabytes after which a bag goes on in its next file.", low=1, high=2**20),
        Spec("keep_free", 256, "Megabytes of the disk that stay free: with less, recording stops.", low=0, high=2**20),
        Spec("clip_model", "", "The captioner's model, for the episode's facts."),
        Spec("planner", "", "The planner's model, for the episode's facts."),
        Spec("policy", "", "The policy's checkpoint, for the episode's facts."),
    )

    def __init__(self, **options):
        super().__init__("recorder", **options)
        arm = Arm.load(self.settings["arm"])
        directory = self.settings["directory"] or datetime.now().strftime("runs/%Y-%m-%d_%H-%M-%S")
        self.run = expanded(directory).absolute()
        if any(path.exists() and not path.is_dir() for path in (self.run, *self.run.parents)):
            raise UserError(f"The parameter 'directory' is, or lies in, a file: {self.run}. Give a folder.")
        cameras = checked(self.settings["cameras"])
        self._topics = qos.recorded((arm.arm_topic, arm.gripper_topic), cameras)
        self._compressed = {qos.image(camera).recorded: names.compressed_image(camera) for camera in cameras}
        self._models = models_used(
            {
                "clip": self.settings["clip_model"],
                "planner": self.settings["planner"],
                "policy": self.settings["policy"],
            }
        )
        self._standing: dict[str, bytes] = {}
        self.bag: BackgroundWriter | None = None
        self._facts = EpisodeFacts()
        self._number = 0
        self._written = self._troubles = ""
        self._closing = None
        self._cameras = [LiveCamera(self, name, self._record, qos.RECORDED, raw=True) for name in cameras]
        self._arrivals = {topic.recorded: Arrivals() for topic in self._topics}
        self._heard = {
            topic.recorded: self.listen(topic, partial(self._arrived, topic), qos.RECORDED_SMALL, raw=True)
            for topic in self._topics
            if topic.recorded not in self._compressed and topic is not qos.EPISODE
        }
        self._heard[qos.EPISODE.recorded] = self.listen(qos.EPISODE, self._record_episode, qos.STORY, raw=True)
        self._lost_before: dict[str, int] = {}
        self._born = time.time_ns()
        self._running = ""
        self._catching_up = self.create_timer(CATCH_UP, self._catch_up, clock=self.steady)
        self._policy = Watched(self, "policy", gone=partial(self._break_off, "the policy has gone"))
        self.watch_clock(lambda back: self._break_off(f"the clock went back by {back:.1f} s"))
        self.create_timer(LOOK_PERIOD, self._look, clock=self.steady)
        self._drawing = Drawing(self, cameras)
        self.report(shell.OK, f"ready: recordings go to {self.run}")

    def figures(self) -> dict[str, object]:
        """What is being written, and the bag and video of the last whole episode."""
        bag = self.bag
        return {
            "recording": "" if bag is None else bag.folder,
            "messages": 0 if bag is None else sum(bag.counts.values()),
            "frames left out of videos": self._drawing.left_out,
            "written": self._written,
            "empty": "\n".join(self._facts.empty),
            "lost": "\n".join(f"{topic}: {count}" for topic, count in self._facts.lost.items()),
            "troubles": self._troubles,
            "seconds late": f"{max(self._late().values(), default=0.0):.2f}",
            "megabytes waiting for the disk": f"{0.0 if bag is None else bag.most_waiting / MEGABYTE:.1f}",
        }

    def close(self) -> None:
        """Finish the open episode, also on Ctrl-C."""
        if self.bag is not None and not self._facts.result:
            self._facts.result = "failure: the recorder was ended in mid-episode"
        self._close_episode()
        self._drawing.close()

    def _arrived(self, topic: Topic, data: bytes, info: dict) -> None:
        self._arrivals[topic.recorded].note(info)
        self._record(topic, data)

    def _record(self, topic: Topic, data: bytes) -> None:
        if topic in STANDING:
            self._standing[topic.recorded] = data
        try:
            if topic is qos.EPISODE:
                self._on_episode(deserialize_message(data, topic.type).data)
            if self.bag is not None:
                self._write(topic, data)
        except (OSError, UserError) as error:
            self._give_up(error)

    def _record_episode(self, data: bytes, info: dict) -> None:
        """What is said of an episode; what was said before this node was there is only remembered."""
        if info["source_timestamp"] < self._born and self._catching_up is not None:
            verb, _, rest = deserialize_message(data, qos.EPISODE.type).data.partition(" ")
            self._running = rest if verb == "start" else ""
            return
        self._arrived(qos.EPISODE, data, info)

    def _catch_up(self) -> None:
        """Record the rest of an episode that was running when this node was started."""
        if self._running and not self._policy.alive:
            # What it said last may still be heard of a policy that has just gone.
            return
        self.destroy_timer(self._catching_up)
        self._catching_up = None
        if self._running and self.bag is None:
            try:
                self._open_episode(self._running)
            except (OSError, UserError) as error:
                self._give_up(error)
                return
            self._facts.joined_late = True
            self.report(shell.WARN, f"recording the rest of an episode that runs already: {self.bag.folder}")

    def _break_off(self, why: str) -> None:
        """Close the running episode as one that failed."""
        if self.bag is None:
            return
        if not self._facts.result:
            self._facts.result = f"failure: {why}"
        self._close_episode()
        self.report(shell.WARN, f"the episode was closed: {why}")

    def _write(self, topic: Topic, data: bytes) -> None:
        now, name = self._now(), topic.recorded
        if name in WORDS:
            self._facts.note(name, deserialize_message(data, topic.type).data, now / messages.NANO)
        self._drawing.show(topic, data)
        if name in self._compressed and self.settings["image_format"] != "raw":
            try:
                self.bag.write(self._compressed[name], self._encoded(data), now)
            except messages.BadMessage as error:
                self.report(shell.WARN, f"recorded as it came: {error}")
            else:
                return
        if name not in self.bag.counts:
            self.bag.add(topic_info(name, topic.type_name, _quality_of_service(topic.qos)))
        self.bag.write(name, data, now)

    def _encoded(self, data: bytes) -> bytes:
        """A serialised Image as a serialised CompressedImage."""
        image = deserialize_message(data, Image)
        kind = self.settings["image_format"]
        packed = array.array("B", compressed(messages.frame_of(image), kind))
        # As image_transport says that the colours are in their places.
        packed_as = f"rgb8; {kind} compressed bgr8"
        return serialize_message(CompressedImage(header=image.header, format=packed_as, data=packed))

    def _on_episode(self, text: str) -> None:
        verb, _, rest = text.partition(" ")
        if verb == "start":
            self._close_episode()
            self._open_episode(rest)
        elif verb == "end" and self.bag is not None and self._closing is None:
            self._closing = self.create_timer(TAIL, self._close_episode, clock=self.steady)

    def _open_episode(self, instruction: str) -> None:
        self._number += 1
        while (self.run / f"episode_{self._number:03d}").exists():
            self._number += 1
        folder = self.run / f"episode_{self._number:03d}"
        self.run.mkdir(parents=True, exist_ok=True)
        self._check_room()
        bag = BagWriter(folder, split_bytes=self.settings["split_size"] * MEGABYTE)
        for topic in self._topics:
            if topic is qos.REWARD:  # few graphs have one: it is added with its first message
                continue
            profile = _quality_of_service(topic.qos)
            bag.add_topic(topic.recorded, topic.type_name, profile)
            if topic.recorded in self._compressed and self.settings["image_format"] != "raw":
                bag.add_topic(self._compressed[topic.recorded], COMPRESSED_IMAGE, profile)
        self.bag = BackgroundWriter(bag)
        self._lost_before = self._lost()
        for _, arrivals in self._all_arrivals():
            arrivals.begin()
        self._facts = EpisodeFacts(instruction, models=self._models, namespace=self.get_namespace().strip("/"))
        self._facts.write(folder)
        if self.settings["video"]:
            self._drawing.begin(folder.with_suffix(".mp4"), instruction, self.settings["video_rate"])
        for topic in STANDING:
            if data := self._standing.get(topic.recorded):
                self._write(topic, data)
        self.report(shell.OK, f"recording {folder}")

    def _close_episode(self) -> None:
        if self._closing is not None:
            self.destroy_timer(self._closing)
            self._closing = None
        bag, self.bag = self.bag, None
        if bag is None:
            return
        self._facts.empty = self._empty(bag.counts)
        lost = {name: count - self._lost_before.get(name, 0) for name, count in self._lost().items()}
        self._facts.lost = {name: count for name, count in lost.items() if count > 0}
        self._facts.late = self._late()
        self._facts.waiting = round(bag.most_waiting / MEGABYTE, 1)
        try:
            self._facts.write(bag.folder)
            bag.close()
        except (OSError, UserError) as error:
            bag.abandon()
            self.report(shell.ERROR, f"the recording {bag.folder} could not be finished: {error}")
            return
        self._drawing.end(partial(self._finished, bag.folder, self._facts))

    def _finished(self, folder: Path, facts: EpisodeFacts, video: Drawn | None) -> None:
        files = [str(folder)] + ([str(video.path)] if video else [])
        if video:
            facts.video, facts.left_out = round(video.seconds, 2), video.left_out
            try:
                facts.write(folder)
            except OSError as error:  # the recording itself is whole
                self.get_logger().warning(f"{folder} could not be told of its video: {error}")
        troubles = facts.troubles
        # In this order: who hears of the files hears of what is wrong with them.
        self._troubles = "\n".join(troubles)
        self._written = "\n".join(files)
        if self.context.ok():
            self.report(shell.WARN if troubles else shell.OK, "; ".join([f"wrote {' and '.join(files)}", *troubles]))

    def _empty(self, counts: Mapping[str, int]) -> list[str]:
        """The topics of cameras and joints that a recording should have, and on which nothing came."""
        cameras = [raw for raw, packed in self._compressed.items() if not counts[raw] + counts.get(packed, 0)]
        return cameras + [name for name in (qos.JOINT_STATES.recorded,) if not counts[name]]

    def _lost(self) -> dict[str, int]:
        """Topic -> messages so far that were sent and did not come."""
        images = {qos.image(camera.name).recorded: camera.lost for camera in self._cameras}
        heard = {name: max(one.lost, self._arrivals[name].missed) for name, one in self._heard.items()}
        return images | heard

    def _late(self) -> dict[str, float]:
        """Topic -> seconds by which its messages came late at worst, where that is much."""
        worst: dict[str, float] = {}
        for name, arrivals in self._all_arrivals():
            if arrivals.late > LATE:
                worst[name] = round(max(arrivals.late, worst.get(name, 0.0)), 2)
        return worst

    def _all_arrivals(self) -> Iterator[tuple[str, Arrivals]]:
        yield from self._arrivals.items()
        for camera in self._cameras:
            for arrivals in camera.arrivals.values():
                yield qos.image(camera.name).recorded, arrivals

    def _look(self) -> None:
        """Whether the recording goes well; also when nothing comes."""
        if self.bag is None:
            return
        try:
            self.bag.check()
            self._check_room()
        except (OSError, UserError) as error:
            self._give_up(error)

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.run).free
        if free < self.settings["keep_free"] * MEGABYTE:
            raise DiskFull(
                f"{free // MEGABYTE} MB are free at {self.run}, and {self.settings['keep_free']} shall stay so "
                "(parameter 'keep_free'): free the disk or record elsewhere ('directory')."
            )

    def _give_up(self, error: Exception) -> None:
        """Stop recording this episode and say so: a recording with a hole must not pass for a whole one."""
        bag, self.bag = self.bag, None
        self.report(shell.ERROR, f"recording stopped: {error}")
        if bag is None:
            return
        self._drawing.end(lambda video: None)
        self._facts.result = f"recording stopped: {error}"
        try:
            self._facts.write(bag.folder)
            bag.close()
        except (OSError, UserError) as closing:
            bag.abandon()
            self.get_logger().error(f"{bag.folder} could not be closed: {closing}")

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds


def _quality_of_service(qos: QoSProfile) -> dict:
    return quality_of_service(
        "reliable" if qos.reliability == ReliabilityPolicy.RELIABLE else "best_effort",
        "transient_local" if qos.durability == DurabilityPolicy.TRANSIENT_LOCAL else "volatile",
        qos.depth,
    )


def main() -> None:
    """The program ``recorder``."""
    shell.program("recorder", Recorder)


if __name__ == "__main__":
    main()
