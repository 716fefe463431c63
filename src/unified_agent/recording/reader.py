# SPDX-License-Identifier: Apache-2.0
"""Any recording of ROS, streamed: what is whole is read, and what is lost is told."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from unified_agent.errors import UserError, nearest
from unified_agent.recording.cdr import NANO, Decoder, Message, TopicInfo
from unified_agent.recording.finding import EXPECTED, NoBag, files_of, find_bags
from unified_agent.recording.limits import DEFAULT, Limits
from unified_agent.recording.losses import Losses
from unified_agent.recording.mcap_file import McapFile
from unified_agent.recording.metadata import NAME
from unified_agent.recording.ros1_file import Ros1File
from unified_agent.recording.source import BadFile, Source, Storage, stem_of
from unified_agent.recording.sqlite_file import SqliteFile
from unified_agent.recording.unpacking import ZSTD, BadPacking, unpacked

__all__ = ["BagReader", "NoBag", "find_bags"]

READERS = {Storage.MCAP: McapFile, Storage.SQLITE: SqliteFile, Storage.ROS1: Ros1File}
CDR = "cdr"
LAST = 2**31 * NANO
"""The first time that ROS cannot say, nanoseconds."""
LONGEST_NAME = 1000


class BagReader:
    """Streams the messages of one recording; never more than one chunk of it is in memory.

    Args:
        path: a rosbag2 directory (MCAP or SQLite, split or not, compressed or not, with or without
            ``metadata.yaml``), one of its files, or a ROS 1 bag. The first of several files that are one recording
            stands for all of them (`finding`).
        limits: how much of what a file claims is believed.

    Attributes:
        path: as given.
        topics: name -> topic.
        size: of the bag's files, bytes.

    Raises:
        NoBag: nothing there that can be read.
    """

    def __init__(self, path: Path, limits: Limits = DEFAULT):
        self.path = Path(path)
        self._limits = limits
        self._losses = Losses()
        paths, self._metadata = files_of(self.path, self._losses)
        self._check_compression()
        self._files: list[McapFile | SqliteFile | Ros1File] = []
        self.size = 0
        for file in paths:
            self._open(file)
        if (
            self.path.is_dir()
            and not all(file.closed for file in self._files)
            and not os.path.lexists(self.path / NAME)
        ):
            self._losses.add(f"{NAME}: there is none (the recording was not closed)")
        self._decoder = Decoder(limits)
        self.topics: dict[str, TopicInfo] = {}
        for file in self._files:
            for topic in file.topics():
                self._add(topic)
        if not self.topics and not self._is_empty():
            why = "; ".join(self._losses.lines) or "no topic is defined in it"
            raise NoBag(f"Nothing in {self.path} can be read: {why.rstrip('.')}. {EXPECTED[0].upper()}{EXPECTED[1:]}.")

    @property
    def name(self) -> str:
        """Of the bag: its folder's, or its file's without the ending."""
        path = self.path.resolve()
        return stem_of(path.name) if path.is_file() else path.name

    @property
    def position(self) -> int:
        """Bytes read so far, of ``size``."""
        return sum(file.position for file in self._files)

    @property
    def losses(self) -> list[str]:
        """What could not be read, a line each; complete once `messages` has come to its end."""
        return self._losses.lines

    @property
    def custom_data(self) -> dict[str, str]:
        """What the recorder wrote into ``metadata.yaml`` beside rosbag2's own entries."""
        return dict(self._metadata.custom_data)

    @property
    def unread(self) -> dict[str, str]:
        """Topics whose messages no one here can decode -> how they are encoded."""
        return {topic.name: topic.encoding for topic in self.topics.values() if topic.encoding != CDR}

    def topic(self, name: str) -> TopicInfo:
        """A topic of the bag.

        Raises:
            UserError: there is none of that name.
        """
        if name not in self.topics:
            raise UserError(f"The bag {self.path} has no topic '{name}'. {nearest(name, self.topics)}")
        return self.topics[name]

    def messages(self, topics: Collection[str] | None = None) -> Iterator[Message]:
        """The messages in the order in which they were written; those of the topics named, or all."""
        names = self.topics if topics is None else topics
        wanted = {name: self.topics[name] for name in names if name in self.topics}
        losses = self._losses.reading()
        read = 0
        for file in self._files:
            file.position = 0
        for file in self._files:
            try:
                for message in file.messages(wanted, losses):
                    if (sound := self._sound(message, losses)) is not None:
                        read += 1
                        yield sound
            except OSError as error:
                losses.add(f"a file cannot be read any more ({error.strerror or error})")
        if topics is None:
            self._compare(read, losses)

    def decode(self, message: Message) -> object:
        """The message as an object with the fields of its type.

        Raises:
            BadMessage: it is not whole.
        """
        return self._decoder.decode(self.topics[message.topic], message.data)

    def _check_compression(self) -> None:
        mode, kind = self._metadata.compression_mode, self._metadata.compression_format
        if mode and kind not in ("zstd", ""):
            raise NoBag(
                f"{self.path} is compressed as '{kind[:20]}' by rosbag2, {mode[:20]} by {mode[:20]}: only zstd can be "
                "read. Write it anew with 'ros2 bag convert'."
            )

    def _open(self, path: Path) -> None:
        try:
            source = Source(path, self._limits)
            self._files.append(READERS[source.storage](source, self._losses, self._limits))
            self.size += source.size
        except BadFile as error:
            self._losses.add(str(error).rstrip("."))
        except OSError as error:
            self._losses.add(f"{path.name}: it cannot be read ({error.strerror or error})")

    def _add(self, topic: TopicInfo) -> None:
        if topic.name in self.topics:
            return
        if not 0 < len(topic.name) <= LONGEST_NAME or not topic.name.isprintable():
            self._losses.add("topics whose names are empty, too long or no text")
            return
        self.topics[topic.name] = topic
        if topic.encoding != CDR:
            self._losses.add(f"{topic.name}: it is encoded as '{topic.encoding[:20]}' and not read, only cdr is")

    def _sound(self, message: Message, losses: Losses) -> Message | None:
        """A message as it was sent; None, and told, where its time or its compression is broken."""
        topic, received, published, data = message
        if not 0 <= received < LAST:
            losses.add(f"messages on {topic} whose time is before 1970 or after 2038")
            return None
        if data[:4] == ZSTD:
            # rosbag2 compressed it by message; no CDR begins so.
            try:
                return Message(topic, received, published, unpacked(data, "zstd", self._limits.message))
            except BadPacking as error:
                losses.add(f"messages on {topic} that were compressed by rosbag2: {error}")
                return None
        if not 0 <= published < LAST:
            return Message(topic, received, received, data)
        return message

    def _is_empty(self) -> bool:
        return self._metadata.message_count == 0 and not self._losses

    def _compare(self, read: int, losses: Losses) -> None:
        promised = self._metadata.message_count
        if promised is None:
            counts = [file.count for file in self._files]
            promised = None if None in counts else sum(counts)
        if promised is not None and promised != read:
            losses.add(f"{read} messages were read where {promised} were promised")
