# SPDX-License-Identifier: Apache-2.0
"""What a recording holds on this package's own topics: only what has the right type is listened to."""

from collections.abc import Collection

from unified_agent import topics
from unified_agent.documents import shown
from unified_agent.recording.cdr import BadMessage, Message
from unified_agent.recording.losses import Losses
from unified_agent.recording.reader import BagReader
from unified_agent.recording.scores import TYPE as SCORES

STRING, JOINT_STATE = "std_msgs/msg/String", "sensor_msgs/msg/JointState"
MARKERS = "visualization_msgs/msg/MarkerArray"
TYPES = {
    topics.INSTRUCTION: STRING,
    topics.PLAN: STRING,
    topics.SUBGOAL: STRING,
    topics.REACHED: STRING,
    topics.CAPTION: STRING,
    topics.EPISODE: STRING,
    topics.SCORES: SCORES,
    topics.JOINT_STATES: JOINT_STATE,
    topics.OBJECTS: MARKERS,
}


class Said:
    """Listens to some of the topics in ``TYPES``.

    Args:
        reader: of the bag.
        wanted: names of topics; those that the bag does not have are not missed.

    Attributes:
        names: the topics that there are, with the right type.
    """

    def __init__(self, reader: BagReader, wanted: Collection[str]):
        self._reader, self._losses = reader, Losses()
        there = [name for name in wanted if name in reader.topics]
        self.names = frozenset(name for name in there if reader.topics[name].type == TYPES[name])
        for name in sorted(set(there) - self.names):
            self._losses.add(f"{name} has the type {shown(reader.topics[name].type)}, not {TYPES[name]}: left out")

    @property
    def left_out(self) -> list[str]:
        """What could not be used so far; a line a kind, with its count."""
        return self._losses.lines

    def take(self, message: Message) -> object | None:
        """The decoded message, where it is on one of the topics and whole."""
        if message.topic not in self.names:
            return None
        try:
            return self._reader.decode(message)
        except BadMessage as error:
            self.refuse(message.topic, error)
            return None

    def refuse(self, topic: str, error: BadMessage) -> None:
        """A message that cannot be used, and why."""
        self._losses.add(f"a message on {topic} is left out: {error}")
