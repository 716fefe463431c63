# SPDX-License-Identifier: Apache-2.0
"""The cameras of a recording, and their frames as sets that show the same moment."""

from collections.abc import Iterator

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.recording.cdr import NANO, BadMessage, Message
from unified_agent.recording.images import FrameReader, is_image
from unified_agent.recording.pairing import TOLERANCE, Moment, Pairing
from unified_agent.recording.reader import BagReader

# Images that are looked at to find out which topics have any.
_LOOKED_AT = 200


def image_topics(
    reader: BagReader, named: tuple[str, ...] = (), cameras: tuple[str, ...] = topics.CAMERAS
) -> tuple[str, ...]:
    """Whose frames belong together: the topics named, else those of the cameras, else the only image topic.

    Args:
        cameras: names; their topics are named as this package names them.

    Raises:
        UserError: a topic named is not there or has no images; none is named and there is none, or too many.
    """
    for name in named:
        topic = reader.topic(name)
        if not is_image(topic):
            raise UserError(f"Topic {name} of {reader.path} has the type {topic.type}: expected images.")
    there = {name for name, topic in reader.topics.items() if is_image(topic)}
    own = _own_topics(reader, cameras, there)
    found = named or own or tuple(there)
    if not found:
        raise UserError(f"{reader.path} has no Image or CompressedImage topic: there is nothing to look at.")
    if len(found) > 1 and not (named or own):
        raise UserError(
            f"{reader.path} has {len(found)} image topics: name those that belong together with --image-topic. "
            f"Known: {', '.join(sorted(found))}."
        )
    return found


def _own_topics(reader: BagReader, cameras: tuple[str, ...], there: set[str]) -> tuple[str, ...]:
    """The topic of each camera; none where one is missing, or none has a message.

    The raw one is preferred, where it has messages: a recorder announces both, and leaves one empty.
    """
    both = {camera: {topics.image(camera), topics.compressed_image(camera)} & there for camera in cameras}
    if not all(both.values()):
        return ()
    with_messages: set[str] = set()
    for number, message in enumerate(reader.messages(set().union(*both.values()))):
        with_messages.add(message.topic)
        if number >= _LOOKED_AT or with_messages.issuperset(map(topics.image, cameras)):
            break
    if not with_messages:
        return ()
    # A raw topic's name is the shorter one.
    return tuple(min(both[camera] & with_messages or both[camera], key=len) for camera in cameras)


class RecordedCameras:
    """Turns image messages into sets of frames.

    Args:
        reader: of the bag.
        names: the image topics, in the order of the sets' frames.
        tolerance: seconds that frames of one set may lie apart.
    """

    def __init__(self, reader: BagReader, names: tuple[str, ...], tolerance: float = TOLERANCE):
        self._images = FrameReader(lambda what: None)
        self._reader, self._names = reader, names
        self._tolerance = round(tolerance * NANO)
        self._sets = Pairing(names, self._tolerance)

    @property
    def alone(self) -> int:
        """Frames without partners of the other cameras."""
        return self._sets.alone

    @property
    def refused(self) -> int:
        """Images that gave no frame."""
        return self._images.refused

    @property
    def causes(self) -> list[str]:
        """Why images gave no frame, or a grey one; a line a cause."""
        return self._images.causes

    def why_nothing(self) -> str:
        """Why no set was found in a bag that was read to its end; empty where it had no images."""
        if self.refused:
            return "; ".join(self.causes)
        if self._sets.gap is not None and self._sets.gap > self._tolerance:
            apart = f"{self._sets.gap / NANO:.3f} s apart, more than the tolerance of {self._tolerance / NANO:g} s"
            return f"the nearest frames of {', '.join(self._names)} lie {apart}"
        return f"one of {', '.join(self._names)} has no images" if self.alone or self._sets.waiting else ""

    def see(self, message: Message) -> list[Moment]:
        """The sets that a message completes; none for a message on another topic."""
        if message.topic not in self._names:
            return []
        try:
            image = self._reader.decode(message)
        except BadMessage as error:
            self._images.refuse(message.topic, error)
            return []
        frame = self._images.read(message.topic, image)
        if frame is None:
            return []
        stamp = image.header.stamp.sec * NANO + image.header.stamp.nanosec
        # A driver that leaves its stamps empty is taken at the time of the recording.
        return self._sets.put(message.topic, stamp or message.received, frame)

    def rest(self) -> list[Moment]:
        """The sets among the frames that wait, at the end of the bag."""
        return self._sets.rest()

    def frames(self) -> Iterator[tuple[int, Moment]]:
        """Time of the recording (nanoseconds) and frames of every set of the bag."""
        received = 0
        for message in self._reader.messages(self._names):
            received = message.received
            for complete in self.see(message):
                yield received, complete
        for complete in self.rest():
            yield received, complete
