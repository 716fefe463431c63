# SPDX-License-Identifier: Apache-2.0
"""A rosbag2 directory (MCAP storage), written message by message from serialised bytes."""

import os
from functools import cache
from pathlib import Path
from types import TracebackType

import yaml
from mcap.writer import CompressionType, Writer
from rosbags.typesys import Stores, get_typestore

from unified_agent.errors import UserError

VERSION = 9  # of rosbag2's metadata.yaml: ROS 2 Jazzy and later; older readers ignore what they do not know
CHUNK_BYTES = 256 * 1024
_DEFAULT_DURATION = {"sec": 0, "nsec": 0}


class BagExists(UserError):
    """The folder for a new bag is there already: a recording is never overwritten."""


@cache
def _typestore():
    return get_typestore(Stores.ROS2_KILTED)


def quality_of_service(reliability: str, durability: str, depth: int) -> dict:
    """One entry of ``offered_qos_profiles``, as ``ros2 bag play`` reads it back.

    Args:
        reliability: ``reliable`` or ``best_effort``.
        durability: ``volatile`` or ``transient_local``.
        depth: of the ``keep_last`` history.
    """
    return {
        "history": "keep_last",
        "depth": depth,
        "reliability": reliability,
        "durability": durability,
        "deadline": _DEFAULT_DURATION,
        "lifespan": _DEFAULT_DURATION,
        "liveliness": "automatic",
        "liveliness_lease_duration": _DEFAULT_DURATION,
        "avoid_ros_namespace_conventions": False,
    }


class BagWriter:
    """Writes ``folder/<name>_0.mcap`` and, when it is closed, ``folder/metadata.yaml``.

    A process that is killed loses what came after the last `flush`; the file stays readable up to there
    (``ros2 bag reindex`` writes the missing metadata.yaml).

    Args:
        folder: made by this call; its name is the bag's name.

    Raises:
        BagExists: the folder is there already.
    """

    def __init__(self, folder: Path):
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise BagExists(f"{folder} exists already: a recording is never overwritten. Give a new folder.") from None
        self.folder = folder
        self.path = folder / f"{folder.name}_0.mcap"
        self._stream = self.path.open("wb")
        self._writer = Writer(self._stream, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library="unified_agent")
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._topics: dict[str, dict] = {}
        self._first: int | None = None
        self._last = 0
        self._closed = False

    @property
    def counts(self) -> dict[str, int]:
        """Topic -> messages written so far."""
        return {name: entry["message_count"] for name, entry in self._topics.items()}

    def add_topic(self, topic: str, type_name: str, qos: dict) -> None:
        """Announce a topic.

        Args:
            type_name: such as ``std_msgs/msg/String``; any type of ROS 2's common interfaces.
            qos: of the topic's publisher, see `quality_of_service`.

        Raises:
            UserError: the type is none of ROS 2's common interfaces.
        """
        store = _typestore()
        if type_name not in store.types:
            raise UserError(f"Topic {topic} has the type {type_name}: only ROS 2's common interfaces can be recorded.")
        digest = store.hash_rihs01(type_name)
        if type_name not in self._schemas:
            definition, _ = store.generate_msgdef(type_name, ros_version=2)
            self._schemas[type_name] = self._writer.register_schema(type_name, "ros2msg", definition.encode())
        self._channels[topic] = self._writer.register_channel(
            topic,
            "cdr",
            self._schemas[type_name],
            {"offered_qos_profiles": yaml.safe_dump([qos], sort_keys=False), "topic_type_hash": digest},
        )
        metadata = {
            "name": topic,
            "type": type_name,
            "serialization_format": "cdr",
            "offered_qos_profiles": [qos],
            "type_description_hash": digest,
        }
        self._topics[topic] = {"topic_metadata": metadata, "message_count": 0}

    def write(self, topic: str, data: bytes, received: int, published: int | None = None) -> None:
        """Add one message.

        Args:
            topic: announced with `add_topic`.
            data: the message as CDR, header included, as DDS carries it.
            received: time of the recording, nanoseconds.
            published: time of the sending, nanoseconds; as `received` where it is not known.
        """
        self._writer.add_message(self._channels[topic], received, data, received if published is None else published)
        self._topics[topic]["message_count"] += 1
        self._first = received if self._first is None else min(self._first, received)
        self._last = max(self._last, received)

    def flush(self) -> None:
        """Hand everything written so far to the operating system as complete, readable chunks."""
        self._writer.flush()

    def close(self) -> None:
        """Write the index and metadata.yaml, and force both to the disk. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._writer.finish()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        partial = self.folder / "metadata.yaml.partial"
        with partial.open("w") as file:
            yaml.safe_dump(self._metadata(), file, sort_keys=False)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / "metadata.yaml")

    def _metadata(self) -> dict:
        first = 0 if self._first is None else self._first
        span = {
            "duration": {"nanoseconds": self._last - first},
            "starting_time": {"nanoseconds_since_epoch": first},
            "message_count": sum(self.counts.values()),
        }
        information = {
            "version": VERSION,
            "storage_identifier": "mcap",
            **span,
            "topics_with_message_count": list(self._topics.values()),
            "compression_format": "",
            "compression_mode": "",
            "relative_file_paths": [self.path.name],
            "files": [{"path": self.path.name, **span}],
            "custom_data": None,
            "ros_distro": os.environ.get("ROS_DISTRO", "kilted"),
        }
        return {"rosbag2_bagfile_information": information}

    def __enter__(self) -> "BagWriter":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
