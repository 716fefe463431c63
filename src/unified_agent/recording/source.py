# SPDX-License-Identifier: Apache-2.0
"""One file of a recording: what it is by its content, and its bytes, unpacked where it is packed."""

import os
import shutil
import stat
from enum import Enum
from pathlib import Path
from tempfile import gettempdir
from typing import Protocol

from unified_agent.errors import UserError
from unified_agent.recording.limits import MIB, Limits
from unified_agent.recording.unpacking import ZSTD, BadPacking, PackedStream

MCAP_MAGIC = b"\x89MCAP0\r\n"
SQLITE_MAGIC = b"SQLite format 3\0"
ROS1_MAGIC = b"#ROSBAG V"


class Storage(Enum):
    """How a file holds messages; the value is its ending."""

    MCAP = ".mcap"
    SQLITE = ".db3"
    ROS1 = ".bag"


MAGICS = {MCAP_MAGIC: Storage.MCAP, SQLITE_MAGIC: Storage.SQLITE, ROS1_MAGIC: Storage.ROS1}
PACKED = (".zstd", ".zst")
# Packed in ways that are told and not read.
UNREAD = (".lz4", ".gz", ".bz2", ".xz", ".zip", ".7z", ".tar", ".tgz", ".rar")
# What a ROS 1 recorder calls a file until it closes it.
ACTIVE = ".active"


class BadFile(UserError):
    """A file of which nothing can be read: why."""


class ByteStream(Protocol):
    """A file that is read from its beginning on."""

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; fewer at the end."""

    def skip(self, size: int) -> None:
        """Pass over bytes."""

    def tell(self) -> int:
        """Bytes read or passed over."""

    def close(self) -> None:
        """Let go of the file."""


class PlainStream:
    """An ordinary file as a `ByteStream`, which can also go to any place."""

    def __init__(self, path: Path):
        self.file = path.open("rb")
        self.read, self.tell, self.close, self.seek = self.file.read, self.file.tell, self.file.close, self.file.seek

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        self.seek(size, os.SEEK_CUR)


class Source:
    """A file of a recording.

    Attributes:
        path: as given.
        size: on the disk, bytes.
        storage: what it holds.
        packed: whether it is a zstd file.

    Raises:
        BadFile: it cannot be opened, is no regular file, or is packed in a way that is not read.
    """

    def __init__(self, path: Path, limits: Limits):
        self.path, self._limits = path, limits
        self.size = regular_size(path)
        if path.suffix.lower() in UNREAD:
            raise BadFile(f"{path.name} is packed ({path.suffix.lower()}): unpack it first (zstd is read as it is).")
        if not self.size:
            raise BadFile(f"{path.name} is empty.")
        try:
            head = _head(PlainStream(path))
            self.packed = head.startswith(ZSTD)
            if self.packed:
                head = _head(PackedStream(path, limits))
        except (OSError, BadPacking) as error:
            raise BadFile(f"{path.name}: {getattr(error, 'strerror', None) or error}.") from None
        self.storage = next((storage for magic, storage in MAGICS.items() if head.startswith(magic)), None)
        if self.storage is None:
            # By its name: the first bytes of a damaged file may be the damaged ones.
            self.storage = storage_of(path.name)
            if self.packed or self.storage is not Storage.MCAP:
                raise BadFile(f"{path.name} is neither MCAP nor SQLite nor a ROS 1 bag.")

    def open(self) -> ByteStream:
        """Its bytes, unpacked."""
        return PackedStream(self.path, self._limits) if self.packed else PlainStream(self.path)

    def copy_to(self, target: Path) -> None:
        """Its bytes, unpacked, as a file; errors as for `copied`."""
        copied(self.open(), target, self._limits.unpacked_from(self.size), self.path.name)


def copied(stream: ByteStream, target: Path, largest: int, name: str) -> None:
    """Write a stream to a file, and close it.

    Args:
        largest: bytes of it.
        name: for errors.

    Raises:
        BadFile: it is larger, there is no room, or it cannot be read.
    """
    try:
        room = shutil.disk_usage(target.parent).free
        with target.open("wb") as file:
            while piece := stream.read(MIB):
                size = file.tell() + len(piece)
                if size > largest:
                    raise BadFile(f"{name} holds more than {largest} bytes (Limits.unpacked, Limits.ratio).")
                if size > room:
                    raise BadFile(f"{name} holds more than {room} bytes, for which {gettempdir()} has no room.")
                file.write(piece)
    except (OSError, BadPacking) as error:
        raise BadFile(f"{name}: {getattr(error, 'strerror', None) or error}.") from None
    finally:
        stream.close()


def storage_of(name: str) -> Storage | None:
    """What a file holds by its name, whatever it is packed in; None for one of another kind."""
    name = name.lower()
    for ending in (*PACKED, *UNREAD, ACTIVE):
        name = name.removesuffix(ending)
    return next((storage for storage in Storage if name.endswith(storage.value)), None)


def stem_of(name: str) -> str:
    """A file's name without its endings."""
    lower = name.lower()
    for ending in (*PACKED, *UNREAD, ACTIVE, *(storage.value for storage in Storage)):
        if lower.endswith(ending):
            lower = lower.removesuffix(ending)
    return name[: len(lower)]


def regular_size(path: Path) -> int:
    """Bytes of an ordinary file that may be read.

    Raises:
        BadFile: it is something else, which opening might wait for, or must not be read.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise BadFile(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if not stat.S_ISREG(found.st_mode):
        raise BadFile(f"{path.name} is no regular file.")
    if not os.access(path, os.R_OK):
        raise BadFile(f"{path.name} cannot be read: permission denied.")
    return found.st_size


def _head(stream: ByteStream) -> bytes:
    try:
        return stream.read(16)
    finally:
        stream.close()
