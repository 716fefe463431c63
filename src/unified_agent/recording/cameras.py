# SPDX-License-Identifier: Apache-2.0
"""The cameras of a recording, and their frames as sets that show the same moment."""

from collections.abc import Iterator

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.recording.cdr import NANO, BadMessage, Message
from unified_agent.recording.choice import Choice, choose, take
from unified_agent.recording.images import MAX_PIXELS, FrameReader
from unified_agent.recording.pairing import TOLERANCE, Moment, Pairing
from unified_agent.recording.reader import BagReader

__all__ = ["Choice", "RecordedCameras", "choose", "image_topics", "take"]


def image_topics(
    reader: BagReader, named: tuple[str, ...] = (), cameras: tuple[str, ...] = topics.CAMERAS
) -> tuple[str, ...]:
    """The names of `choose`, for those who do not tell what was left out."""
    return choose(reader, named, cameras).names


class RecordedCameras:
    """Turns image messages into sets of frames.

    Args:
        reader: of the bag.
        names: the image topics, in the order of the sets' frames.
        tolerance: seconds that frames of one set may lie apart.
        most: pixels of a picture, at most; larger ones are refused.
    """

    def __init__(self, reader: BagReader, names: tuple[str, ...], tolerance: float = TOLERANCE, most: int = MAX_PIXELS):
        self._images = FrameReader(lambda what: None, most)
        self._reader, self._names = reader, names
        self._tolerance = round(tolerance * NANO)
        self._sets = Pairing(names, self._tolerance)

    @property
    def alone(self) -> int:
        """Frames without partners of the other cameras; complete after `rest`."""
        return self._sets.alone

    @property
    def refused(self) -> int:
        """Images that gave no frame; complete after `rest`."""
        return self._images.refused

    @property
    def causes(self) -> list[str]:
        """Why images gave no frame, or a grey one; a line a cause."""
        return self._images.causes

    @property
    def told(self) -> list[str]:
        """What people should know of a bag that was read to its end: a line each, with its count."""
        lines = list(self.causes)
        if self.alone:
            gap = self._sets.gap
            late = f"; the last ones lie {gap / NANO:.3f} s apart" if gap is not None and gap > self._tolerance else ""
            lines.append(f"{self.alone} frames have no partner of the other cameras{late}")
        for name, count in self._sets.jumps.items():
            lines.append(f"the stamps of {name} did not go on ({count} times)")
        return lines

    def why_nothing(self) -> str:
        """Why no set was found in a bag that was read to its end; empty where it had no images."""
        if self._sets.gap is not None and self._sets.gap > self._tolerance:
            apart = f"{self._sets.gap / NANO:.3f} s apart, more than the tolerance of {self._tolerance / NANO:g} s"
            return (
                f"the nearest frames of {', '.join(self._names)} lie {apart} (--tolerance); or name one of them with "
                "--image-topic"
            )
        if self.refused:
            return "; ".join(self.causes)
        return f"one of {', '.join(self._names)} has no images" if self.alone else ""

    def nothing(self) -> UserError:
        """The error of a bag that was read to its end without a set."""
        why = self.why_nothing() or f"no image on {' and '.join(self._names)}"
        return UserError(f"{self._reader.path} has no moment with a frame of every camera: {why}.")

    def see(self, message: Message) -> list[Moment]:
        """The sets that a message completes; none for a message on another topic."""
        if message.topic not in self._names:
            return []
        try:
            image = self._reader.decode(message)
        except BadMessage as error:
            self._images.refuse(message.topic, error)
            return []
        return self._put(message.topic, take(self._images, message.topic, image, message))

    def rest(self) -> list[Moment]:
        """The sets among the frames that wait, at the end of the bag."""
        found = [moment for name in self._names for moment in self._put(name, self._images.rest(name))]
        return found + self._sets.rest()

    def frames(self) -> Iterator[tuple[int, Moment]]:
        """Time of the recording (nanoseconds) and frames of every set of the bag."""
        received = 0
        for message in self._reader.messages(self._names):
            received = message.received
            for complete in self.see(message):
                yield received, complete
        for complete in self.rest():
            yield received, complete

    def _put(self, name: str, frames: list) -> list[Moment]:
        return [moment for stamp, frame in frames for moment in self._sets.put(name, stamp, frame)]
