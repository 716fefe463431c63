# SPDX-License-Identifier: Apache-2.0
"""Any rosbag2 recording, streamed: what is whole is read, and what is lost is told."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePath

import yaml

from unified_agent.errors import UserError, nearest
from unified_agent.recording.cdr import Decoder, Message, TopicInfo
from unified_agent.recording.losses import Losses
from unified_agent.recording.mcap_file import McapFile
from unified_agent.recording.sqlite_file import SqliteFile

METADATA = "metadata.yaml"
STORAGES = {".mcap": McapFile, ".db3": SqliteFile}


class NoBag(UserError):
    """A path that holds no recording, or none of which anything can be read."""


class BagReader:
    """Streams the messages of one bag; never more than one chunk of it is in memory.

    Args:
        path: a rosbag2 directory (MCAP or SQLite, split or not, with or without ``metadata.yaml``) or one of its files.

    Attributes:
        path: as given.
        topics: name -> topic.
        size: of the bag's files, bytes.

    Raises:
        NoBag: nothing there that can be read.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self._losses = Losses()
        self._metadata = self._read_metadata()
        paths = self._paths()
        self._files = [STORAGES[path.suffix](path, self._losses) for path in paths]
        self.size = sum(path.stat().st_size for path in paths)
        self._decoder = Decoder()
        self.topics: dict[str, TopicInfo] = {}
        for file in self._files:
            self.topics = file.topics() | self.topics
        if not self.topics and not self._is_empty():
            why = "; ".join(self._losses.lines) or "no topic is defined in it"
            raise NoBag(f"Nothing in {self.path} can be read: {why}. Expected a rosbag2 recording (MCAP or SQLite).")

    @property
    def name(self) -> str:
        """Of the bag: its folder's, or its file's without the ending."""
        return self.path.resolve().stem if self.path.is_file() else self.path.resolve().name

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
        data = self._metadata.get("custom_data")
        return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}

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
        wanted = None if topics is None else frozenset(topics)
        read = 0
        for file in self._files:
            file.position = 0
        for file in self._files:
            for message in file.messages(wanted):
                read += 1
                yield message
        if wanted is None:
            self._compare(read)

    def decode(self, message: Message) -> object:
        """The message as an object with the fields of its type.

        Raises:
            BadMessage: it is not whole.
        """
        return self._decoder.decode(self.topics[message.topic], message.data)

    def _read_metadata(self) -> dict:
        path = self.path / METADATA
        if not path.is_file():
            if self.path.is_dir():
                self._losses.add(f"{METADATA}: there is none (the recording was not closed)")
            return {}
        try:
            metadata = yaml.safe_load(path.read_bytes())["rosbag2_bagfile_information"]
            if not isinstance(metadata, dict):
                raise TypeError("not a mapping")
        except (yaml.YAMLError, KeyError, TypeError, ValueError, OSError, RecursionError) as error:
            self._losses.add(f"{METADATA}: it cannot be read ({str(error).splitlines()[0][:120]})")
            return {}
        if mode := str(metadata.get("compression_mode") or "").lower().replace("none", ""):
            raise NoBag(
                f"{self.path} is compressed {mode} by {mode} by rosbag2: write it anew with 'ros2 bag convert' "
                "(MCAP's own compression is read as it is)."
            )
        return metadata

    def _paths(self) -> list[Path]:
        if self.path.is_file():
            if self.path.suffix not in STORAGES:
                raise NoBag(f"{self.path} is no recording: expected a rosbag2 directory, a .mcap or a .db3 file.")
            return [self.path]
        if not self.path.is_dir():
            raise NoBag(f"There is no recording {self.path}: expected a rosbag2 directory, a .mcap or a .db3 file.")
        found = sorted((path for path in self.path.iterdir() if path.suffix in STORAGES), key=_number)
        if not found:
            raise NoBag(f"The folder {self.path} holds no .mcap or .db3 file: expected a rosbag2 directory.")
        listed = self._metadata.get("relative_file_paths")
        names = [PurePath(str(name)).name for name in listed] if isinstance(listed, list) else []
        for name in names:
            if not (self.path / name).is_file():
                self._losses.add(f"{name}: the file is missing")
        by_name = {path.name: path for path in found}
        return [by_name[name] for name in dict.fromkeys(names) if name in by_name] or found

    def _is_empty(self) -> bool:
        return self._metadata.get("message_count") == 0 and not self._losses

    def _compare(self, read: int) -> None:
        promised = self._metadata.get("message_count")
        if not isinstance(promised, int):
            counts = [file.count for file in self._files]
            promised = None if None in counts else sum(counts)
        if promised is not None and promised != read:
            self._losses.add(f"{read} messages were read where {promised} were promised")


def find_bags(path: Path) -> list[Path]:
    """The bag at a path, or all bags in the folders below it, in the order of their names.

    Raises:
        NoBag: there is none.
    """
    if path.is_file() or _is_bag(path):
        return [path]
    folders = (folder for folder in path.rglob("*") if not any(part.startswith(".") for part in folder.parts))
    found = sorted(folder for folder in folders if _is_bag(folder))
    if not found:
        raise NoBag(f"There is no recording in {path}: expected rosbag2 directories (MCAP or SQLite) or their files.")
    return found


def _is_bag(folder: Path) -> bool:
    return folder.is_dir() and any(path.suffix in STORAGES for path in folder.iterdir())


def _number(path: Path) -> tuple[int, str]:
    """Split files are numbered at their end: 2 comes before 10."""
    digits = re.search(r"(\d+)$", path.stem)
    return (int(digits[1]) if digits else -1, path.name)
