# SPDX-License-Identifier: Apache-2.0
"""The replay node: a recording in the place of the arm and its cameras."""

import importlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ament_index_python.packages import get_package_prefix
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.publisher import Publisher
from rosgraph_msgs.msg import Clock

from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.cameras import checked
from unified_agent.nodes.parameters import Spec
from unified_agent.nodes.qos import Topic
from unified_agent.recording.cameras import choose, take
from unified_agent.recording.cdr import NANO, BadMessage, Message, common_types
from unified_agent.recording.images import FrameReader, is_image
from unified_agent.recording.losses import Losses
from unified_agent.recording.reader import BagReader

# What a recording may say without being asked: what was sensed, and what was wanted. Never what the live captioner and
# planner say themselves, and never a command to an arm.
SENSED = (qos.INSTRUCTION, qos.SUBGOAL, qos.EPISODE, qos.OBJECTS, qos.JOINT_STATES)
# Recorded seconds between two ticks of the clock, at most.
TICK = NANO // 50
# Wall seconds after the last message, in which the captioner can answer to it.
TAIL = 2.0
POLL = 0.1
# Recorded nanoseconds without a message that are passed over: nobody waits for them, and a clock may have jumped.
LONGEST_GAP = 600 * NANO
# How nodes that must be waited for begin their state on /diagnostics.
BUSY = ("loading", "planning")


class Replay(shell.AgentNode):
    """Plays a bag into the graph at its own pace, and is its clock.

    It begins when somebody listens to the images and no node is loading its model. A message that is not whole is left
    out and counted.
    """

    SENDS_IMAGES = True
    PARAMETERS = (
        Spec("bag", "", "The recording: a rosbag2 directory, one of its files, or a ROS 1 bag."),
        Spec("rate", 1.0, "Recorded seconds a wall second.", low=0.01, high=100.0),
        Spec("cameras", list(qos.CAMERAS), "Names of the 1 to 4 cameras that are played."),
        Spec("image_topics", [""], "Image topics of the bag, one a camera or one for all; empty: found by name."),
        Spec("topics", [""], "Topics to play besides the sensors and the instruction; an arm's commands only so."),
        Spec("wait", True, "Begin when somebody listens to the images and all models are loaded."),
    )

    def __init__(self, **options):
        super().__init__("replay", **options)
        if not self.settings["bag"]:
            raise UserError("What shall be replayed? Give the parameter 'bag': a rosbag2 directory.")
        self._reader = BagReader(Path(self.settings["bag"]).expanduser())
        names = checked(self.settings["cameras"])
        self._cameras = self._find_cameras(names)
        self._time = self.offer(qos.CLOCK_TOPIC)
        self._images = {name: self.offer(qos.image(name)) for name in names}
        self._offered = self._find_topics()
        self._played = self._broken = self._gaps = 0
        self._frames = FrameReader(lambda what: self.get_logger().warning(f"left out: {what}"))
        self._causes = Losses()
        # Nodes that load their models, or think about the instruction.
        self._busy: set[str] = set()
        self.listen(qos.DIAGNOSTICS, self._on_diagnostics, qos.RECORDED)
        self._now = Time()
        self._over = threading.Event()
        self._closing = threading.Event()
        self.report(shell.OK, f"waiting for listeners to {self._reader.path}")
        self._player = self.in_thread(self._play)

    def stamp(self) -> Time:
        """The recording's time, which the other nodes read from /clock."""
        return self._now

    def figures(self) -> dict[str, object]:
        """What was played, and what could not be."""
        return {
            "played": self._played,
            "broken": self._broken + self._frames.refused,
            "gaps passed over": self._gaps,
            "broken because": "\n".join([*self._causes.lines, *self._frames.causes]),
            "lost": "\n".join(self._reader.losses),
            "ended": str(self._over.is_set()).lower(),
        }

    def close(self) -> None:
        """Stop playing."""
        self._closing.set()
        self._player.join(timeout=5.0)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            (self._busy.add if status.message.startswith(BUSY) else self._busy.discard)(status.name)

    def _find_cameras(self, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Image topic of the bag -> cameras of the graph; one image topic is shown to all."""
        named = tuple(filter(None, self.settings["image_topics"]))
        choice = choose(self._reader, named, names)
        found = choice.names
        for line in choice.left_out:
            self.get_logger().info(f"left out: {line}")
        if len(found) not in (1, len(names)):
            raise UserError(
                f"{len(found)} image topics ({', '.join(found)}) for {len(names)} cameras ({', '.join(names)}): name "
                "one for each of them, or one for all, with 'image_topics'."
            )
        topics = found if len(found) == len(names) else found * len(names)
        return {topic: tuple(name for name, of in zip(names, topics, strict=True) if of == topic) for topic in topics}

    def _find_topics(self) -> dict[str, Publisher]:
        sensed = [*SENSED, *map(qos.camera_info, self._images)]
        wanted = [topic for topic in sensed if topic.recorded in self._reader.topics]
        for name in filter(None, self.settings["topics"]):
            info = self._reader.topic(name)
            # In the namespace of this node, like everything that it plays.
            wanted.append(Topic(name.removeprefix("/"), _message_type(name, info.type), qos.COMMAND))
        for topic in wanted:
            if (recorded := self._reader.topics[topic.recorded].type) != topic.type_name:
                raise UserError(f"{topic.recorded} is {recorded} in the recording: expected {topic.type_name}.")
        return {topic.recorded: self.offer(topic) for topic in wanted}

    def _play(self) -> None:
        if self.settings["wait"]:
            while self._busy or not all(publisher.get_subscription_count() for publisher in self._images.values()):
                if self._closing.wait(POLL):
                    return
        self.report(shell.OK, f"playing {self._reader.path}")
        pace = None
        for message in self._reader.messages([*self._cameras, *self._offered]):
            pace = pace or _Pace(message.received, self.settings["rate"])
            self._gaps += pace.leap(message.received)
            for due in pace.until(message.received):
                if self._closing.wait(due):
                    return
                self._tick(pace.now)
            self._say(message)
        self._closing.wait(TAIL)
        while self._busy and not self._closing.wait(POLL):
            pass
        self._over.set()
        broken = self._broken + self._frames.refused
        level = shell.WARN if self._reader.losses or broken else shell.OK
        lost = "; ".join([*self._reader.losses, *([f"{broken} broken messages"] if broken else [])])
        told = f"; passed over {self._gaps} gaps of more than {LONGEST_GAP // NANO} s" if self._gaps else ""
        self.report(level, f"played {self._played} messages{told}" + (f"; lost: {lost}" if lost else ""))

    def _tick(self, now: int) -> None:
        self._now = Time(sec=now // NANO, nanosec=now % NANO)
        self._time.publish(Clock(clock=self._now))

    def _say(self, message: Message) -> None:
        info = self._reader.topics[message.topic]
        try:
            # Decoded also where the bytes are sent as they are: a broken message would end whoever receives it.
            decoded = self._reader.decode(message)
        except BadMessage as error:
            self._broken += 1
            if self._causes.add(f"{message.topic}: {error}"):
                self.get_logger().warning(f"left out: {message.topic}: {error}")
            return
        if is_image(info):
            for stamp, frame in take(self._frames, message.topic, decoded, message):
                self._show(message.topic, stamp, frame, _frame_id(decoded))
        else:
            self._offered[message.topic].publish(message.data)
            self._played += 1

    def _show(self, topic: str, stamp: int, frame: np.ndarray, frame_id: str) -> None:
        image = messages.image_message(frame, Time(sec=stamp // NANO, nanosec=stamp % NANO), frame_id)
        for camera in self._cameras[topic]:
            self._images[camera].publish(image)
        self._played += 1


def _frame_id(image) -> str:
    return image.header.frame_id if hasattr(image, "header") else image.frame_id


class _Pace:
    """The recording's time against the wall's; ``now`` in nanoseconds."""

    def __init__(self, first: int, rate: float):
        self.now = self._first = first
        self._begin, self._rate = time.monotonic(), rate

    def leap(self, received: int) -> bool:
        """Pass over the time up to a message where it is too long to be waited for; whether it was."""
        gap = received - self.now
        if gap <= LONGEST_GAP:
            return False
        self.now = received
        self._first += gap
        return True

    def until(self, received: int) -> Iterator[float]:
        """Advance in ticks up to a message: wall seconds to wait before each. Time never goes back."""
        while True:
            self.now = max(self.now, min(received, self.now + TICK))
            due = self._begin + (self.now - self._first) / NANO / self._rate
            yield max(0.0, due - time.monotonic())
            if self.now >= received:
                return


def _message_type(topic: str, name: str) -> type:
    """The Python class of a type such as ``trajectory_msgs/msg/JointTrajectory``, of a package that ROS knows.

    A recording must not choose which other code is imported.
    """
    package, _, kind = name.partition("/msg/")
    try:
        if not any(known.startswith(f"{package}/msg/") for known in common_types().types):
            get_package_prefix(package)
        return getattr(importlib.import_module(f"{package}.msg"), kind)
    except (ImportError, AttributeError, LookupError, OSError, ValueError):
        raise UserError(f"{topic} has the type {name}, which is not installed: leave it out of 'topics'.") from None


def main() -> None:
    """The program ``replay``."""
    shell.program("replay", Replay)


if __name__ == "__main__":
    main()
