# SPDX-License-Identifier: Apache-2.0
"""The cameras of a recording, and their frames as sets that show the same moment."""

from collections.abc import Iterator

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.recording.cdr import NANO, BadMessage, Message
from unified_agent.recording.images import any_frame, is_image
from unified_agent.recording.pairing import Moment, Pairing
from unified_agent.recording.reader import BagReader

# Seconds that frames of one moment may lie apart.
TOLERANCE = 0.02
# Topics of this package's own cameras, taken where none is named.
_OWN = (tuple(map(topics.image, topics.CAMERAS)), tuple(map(topics.compressed_image, topics.CAMERAS)))


def image_topics(reader: BagReader, named: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Whose frames belong together: the topics named, else this package's cameras, else the only image topic.

    Raises:
        UserError: a topic named is not there or has no images; none is named and there is none, or too many.
    """
    for name in named:
        topic = reader.topic(name)
        if not is_image(topic):
            raise UserError(f"Topic {name} of {reader.path} has the type {topic.type}: expected images.")
    there = {name for name, topic in reader.topics.items() if is_image(topic)}
    own = next((cameras for cameras in _OWN if _has_messages(reader, cameras, there)), ())
    found = named or own or tuple(there)
    if not found:
        raise UserError(f"{reader.path} has no Image or CompressedImage topic: there is nothing to look at.")
    if len(found) > 1 and not (named or own):
        raise UserError(
            f"{reader.path} has {len(found)} image topics: name those that belong together with --image-topic. "
            f"Known: {', '.join(sorted(found))}."
        )
    return found


def _has_messages(reader: BagReader, cameras: tuple[str, ...], there: set[str]) -> bool:
    """A recorder of compressed images announces the raw topic as well, and leaves it empty."""
    return there.issuperset(cameras) and next(reader.messages(cameras), None) is not None


class RecordedCameras:
    """Turns image messages into sets of frames.

    Args:
        reader: of the bag.
        names: the image topics, in the order of the sets' frames.
        tolerance: seconds that frames of one set may lie apart.

    Attributes:
        refused: images that are no RGB picture.
    """

    def __init__(self, reader: BagReader, names: tuple[str, ...], tolerance: float = TOLERANCE):
        self.refused = 0
        self._reader, self._names = reader, names
        self._sets = Pairing(names, round(tolerance * NANO))

    @property
    def alone(self) -> int:
        """Frames without partners of the other cameras."""
        return self._sets.alone

    def see(self, message: Message) -> list[Moment]:
        """The sets that a message completes; none for a message on another topic."""
        if message.topic not in self._names:
            return []
        try:
            image = self._reader.decode(message)
            frame = any_frame(self._reader.topics[message.topic], image)
        except BadMessage:
            self.refused += 1
            return []
        stamp = image.header.stamp.sec * NANO + image.header.stamp.nanosec
        # A driver that leaves its stamps empty is taken at the time of the recording.
        return self._sets.put(message.topic, stamp or message.received, frame)

    def frames(self) -> Iterator[tuple[int, Moment]]:
        """Time of the recording (nanoseconds) and frames of every set of the bag."""
        for message in self._reader.messages(self._names):
            for complete in self.see(message):
                yield message.received, complete
