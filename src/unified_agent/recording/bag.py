# SPDX-License-Identifier: Apache-2.0
"""A rosbag2 directory (MCAP storage), written message by message from serialised bytes."""

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType

import yaml
from mcap.writer import CompressionType, Writer

from unified_agent.errors import UserError
from unified_agent.recording.cdr import TopicInfo, common_types
from unified_agent.recording.quality import numbered, quality_of_service

__all__ = ["BagExists", "BagWriter", "quality_of_service", "topic_info"]

VERSION = 8
"""Of rosbag2's metadata.yaml: the newest whose quality of service is the text that Humble and older read as well."""
CHUNK_BYTES = 256 * 1024


class BagExists(UserError):
    """The folder for a new bag is there already: a recording is never overwritten."""


def topic_info(topic: str, type_name: str, qos: dict | None = None) -> TopicInfo:
    """A topic of one of ROS 2's common interfaces, with the type's definition.

    Args:
        type_name: such as ``std_msgs/msg/String``.
        qos: of the topic's publisher, see `quality_of_service`; reliable, with a depth of 10, when None.

    Raises:
        UserError: the type is none of the common interfaces.
    """
    store = common_types()
    if type_name not in store.types:
        raise UserError(f"Topic {topic} has the type {type_name}: only ROS 2's common interfaces can be recorded.")
    definition, _ = store.generate_msgdef(type_name, ros_version=2)
    profile = qos or quality_of_service("reliable", "volatile", 10)
    return TopicInfo(topic, type_name, (profile,), definition, "ros2msg")


class BagWriter:
    """Writes ``folder/<name>_0.mcap``, ``_1.mcap``, ... and, when it is closed, ``folder/metadata.yaml``.

    A process that is killed loses what came after the last `flush`; the files stay readable up to there
    (``ros2 bag reindex`` writes the missing metadata.yaml). What a power failure costs is what came after `sync`.

    Args:
        folder: made by this call; its name is the bag's name.
        split_bytes: size at which a file is closed and the next one begun; one file when None.
        quick: compress with LZ4: a quarter of zstd's time on noisy pictures, and somewhat more bytes.

    Attributes:
        custom_data: key -> text, for ``metadata.yaml``; filled any time before `close`.

    Raises:
        BagExists: the folder is there already.
    """

    def __init__(self, folder: Path, split_bytes: int | None = None, quick: bool = False):
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise BagExists(f"{folder} exists already: a recording is never overwritten. Give a new folder.") from None
        self.folder = folder
        self.custom_data: dict[str, str] = {}
        self._split_bytes = split_bytes
        self._compression = CompressionType.LZ4 if quick else CompressionType.ZSTD
        self._topics: dict[str, TopicInfo] = {}
        self._counts: dict[str, int] = {}
        self._closed_files: list[dict] = []
        self._file = _File(folder / f"{folder.name}_0.mcap", self._compression)
        self._closed = False

    @property
    def path(self) -> Path:
        """Of the file that is being written."""
        return self._file.path

    @property
    def counts(self) -> dict[str, int]:
        """Topic -> messages written so far."""
        return dict(self._counts)

    def add_topic(self, topic: str, type_name: str, qos: dict | None = None) -> None:
        """Announce a topic of the common interfaces; arguments and errors as for `topic_info`."""
        self.add(topic_info(topic, type_name, qos))

    def add(self, topic: TopicInfo) -> None:
        """Announce a topic of any type, as another bag defines it."""
        if not topic.definition and topic.type in common_types().types:
            topic = replace(topic_info(topic.name, topic.type), qos=topic.qos, encoding=topic.encoding)
        self._topics[topic.name] = topic
        self._counts[topic.name] = 0
        self._file.add(topic)

    def write(self, topic: str, data: bytes, received: int, published: int | None = None) -> None:
        """Add one message.

        Args:
            topic: announced with `add_topic` or `add`.
            data: the message as CDR, header included, as DDS carries it.
            received: time of the recording, nanoseconds.
            published: time of the sending, nanoseconds; as `received` where it is not known.
        """
        if self._split_bytes is not None and self._file.size >= self._split_bytes:
            self._next_file()
        self._file.write(topic, data, received, received if published is None else published)
        self._counts[topic] += 1

    def flush(self) -> None:
        """Hand everything written so far to the operating system as complete, readable chunks."""
        self._file.flush()

    def sync(self) -> None:
        """Force what was flushed to the disk."""
        self._file.sync()

    def close(self) -> None:
        """Write the index and metadata.yaml, and force both to the disk. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        information = self._information()
        self._file.close(information)
        partial = self.folder / "metadata.yaml.partial"
        with partial.open("w") as file:
            file.write(_text({"rosbag2_bagfile_information": information}))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / "metadata.yaml")

    def abandon(self) -> None:
        """Let go of the files without finishing them: what was flushed stays, and nothing says that it is whole."""
        self._closed = True
        self._file.abandon()

    def _next_file(self) -> None:
        self._file.close(self._information())
        self._closed_files.append(self._file.summary())
        self._file = _File(self.folder / f"{self.folder.name}_{len(self._closed_files)}.mcap", self._compression)
        for topic in self._topics.values():
            self._file.add(topic)

    def _information(self) -> dict:
        files = [*self._closed_files, self._file.summary()]
        filled = [file for file in files if file["message_count"]]
        first = min((file["starting_time"]["nanoseconds_since_epoch"] for file in filled), default=0)
        ends = (f["starting_time"]["nanoseconds_since_epoch"] + f["duration"]["nanoseconds"] for f in filled)
        return {
            "version": VERSION,
            "storage_identifier": "mcap",
            **_span(first, max(ends, default=0), sum(self._counts.values())),
            "topics_with_message_count": [
                {"topic_metadata": _metadata_of(topic), "message_count": self._counts[name]}
                for name, topic in self._topics.items()
            ],
            "compression_format": "",
            "compression_mode": "",
            "relative_file_paths": [file["path"] for file in files],
            "files": files,
            "custom_data": self.custom_data or None,
            "ros_distro": os.environ.get("ROS_DISTRO", "kilted"),
        }

    def __enter__(self) -> "BagWriter":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _File:
    """One MCAP file of a bag."""

    def __init__(self, path: Path, compression: CompressionType):
        self.path = path
        self._stream = path.open("wb")
        self._writer = Writer(self._stream, chunk_size=CHUNK_BYTES, compression=compression)
        self._writer.start(profile="ros2", library="unified_agent")
        self._schemas: dict[tuple[str, str], int] = {}
        self._channels: dict[str, int] = {}
        self._first: int | None = None
        self._last = self._count = 0

    @property
    def size(self) -> int:
        """Bytes in the file, without the chunk that is being filled."""
        return self._stream.tell()

    def add(self, topic: TopicInfo) -> None:
        key = (topic.type, topic.definition)
        if key not in self._schemas:
            self._schemas[key] = self._writer.register_schema(
                topic.type, topic.definition_format, topic.definition.encode()
            )
        metadata = {"offered_qos_profiles": numbered(topic.qos)}
        if digest := _digest(topic.type):
            metadata["topic_type_hash"] = digest
        self._channels[topic.name] = self._writer.register_channel(
            topic.name, topic.encoding, self._schemas[key], metadata
        )

    def write(self, topic: str, data: bytes, received: int, published: int) -> None:
        self._writer.add_message(self._channels[topic], received, data, published)
        self._count += 1
        self._first = received if self._first is None else min(self._first, received)
        self._last = max(self._last, received)

    def flush(self) -> None:
        self._writer.flush()

    def sync(self) -> None:
        os.fsync(self._stream.fileno())

    def close(self, information: dict) -> None:
        # Where there is no metadata.yaml, rosbag2 reads it from here.
        self._writer.add_metadata("rosbag2", {"serialized_metadata": _text(information)})
        self._writer.finish()
        self._stream.flush()
        self.sync()
        self._stream.close()

    def abandon(self) -> None:
        self._stream.raw.close()

    def summary(self) -> dict:
        """Its entry in metadata.yaml."""
        return {"path": self.path.name, **_span(self._first or 0, self._last, self._count)}


def _text(information: dict) -> str:
    # Through JSON: rosbag2 writes no YAML anchors for what is equal.
    return yaml.safe_dump(json.loads(json.dumps(information)), sort_keys=False)


def _span(first: int, last: int, count: int) -> dict:
    return {
        "starting_time": {"nanoseconds_since_epoch": first},
        "duration": {"nanoseconds": last - first},
        "message_count": count,
    }


def _metadata_of(topic: TopicInfo) -> dict:
    return {
        "name": topic.name,
        "type": topic.type,
        "serialization_format": topic.encoding,
        "offered_qos_profiles": numbered(topic.qos),
        "type_description_hash": _digest(topic.type),
    }


@cache
def _digest(type_name: str) -> str:
    """REP 2011's hash of a common type; empty for others, as in bags that are older than it."""
    store = common_types()
    return store.hash_rihs01(type_name) if type_name in store.types else ""
