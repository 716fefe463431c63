# SPDX-License-Identifier: Apache-2.0
"""One ROS 1 bag read record by record, also one without an index; its messages come as ROS 2 has them."""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from unified_agent.recording.cdr import NANO, Message, TopicInfo
from unified_agent.recording.limits import MIB, Limits
from unified_agent.recording.losses import Losses
from unified_agent.recording.quality import quality_of_service
from unified_agent.recording.ros1_types import Ros1Types
from unified_agent.recording.source import ACTIVE, BadFile, ByteStream, PlainStream, Source
from unified_agent.recording.unpacking import BadPacking, unpacked

VERSION = b"#ROSBAG V2.0\n"
_LENGTH = struct.Struct("<I")
_TIME = struct.Struct("<II")
_PLACE = struct.Struct("<Q")
_MESSAGE, _HEADER, _INDEX, _CHUNK, _CHUNK_INFO, _CONNECTION = 2, 3, 4, 5, 6, 7
LARGEST_HEADER = MIB
# A file that leads from one broken record to another is not read more often than this.
_MOST_READ = 4
Header = dict[bytes, bytes]


class Ros1File:
    """Reads one file in the order in which it was written; the same face as `McapFile`."""

    def __init__(self, source: Source, losses: Losses, limits: Limits):
        self._source, self._limits = source, limits
        self._name = source.path.name
        self._connections: dict[int, Ros1Types] = {}
        self._chunks: list[int] = []
        self.position = 0
        self.count: int | None = None
        self.closed = True
        stream = source.open()
        try:
            if (version := stream.read(len(VERSION))) != VERSION:
                shown = version[9:12].decode(errors="replace")
                raise BadFile(f"{self._name} is a ROS 1 bag of version {shown!r}: expected 2.0.")
        finally:
            stream.close()
        whole = not source.packed and self._read_index()
        if source.path.name.lower().endswith(ACTIVE) or not (whole or source.packed):
            losses.add(f"{self._name}: it was never closed; 'rosbag reindex' completes it")
        if not whole:
            found = Losses()
            for _ in self._messages(None, found):
                pass
            for line in [] if self._connections else found.lines:
                losses.add(line)

    def topics(self) -> list[TopicInfo]:
        """As the file defines them; two of a name where it holds two types of messages on one topic."""
        return [connection.topic for connection in self._connections.values()]

    def messages(self, wanted: Mapping[str, TopicInfo], losses: Losses) -> Iterator[Message]:
        """The messages on the topics named, where they are of the type named."""
        self.position = 0
        yield from self._messages(wanted, losses)
        self.position = self._source.size

    def _messages(self, wanted: Mapping[str, TopicInfo] | None, losses: Losses) -> Iterator[Message]:
        """Those of the topics wanted; with None the topics are being found."""
        stream = self._source.open()
        try:
            for header, data, place in self._records(stream, losses):
                self.position = (stream.file if self._source.packed else stream).tell()
                kind = _kind(header)
                if kind == _CHUNK:
                    yield from self._chunk(header, data, place, wanted, losses)
                else:
                    yield from self._take(kind, header, data, wanted, losses)
        except (OSError, BadPacking) as error:
            losses.add(f"{self._name}: everything from some byte on ({getattr(error, 'strerror', None) or error})")
        finally:
            stream.close()

    def _records(self, stream: ByteStream, losses: Losses) -> Iterator[tuple[Header, bytes, int]]:
        stream.skip(len(VERSION)) if self._source.packed else stream.seek(len(VERSION))
        begin, chunk = len(VERSION), 0
        allowed = _MOST_READ * self._source.size
        while True:
            try:
                if allowed < 0 and not self._source.packed:
                    self._chunks.clear()
                    raise ValueError("its parts overlap")
                header = _read_header(stream)
                if header is None:
                    return
                if _kind(header) == _CHUNK:
                    chunk = begin
                data = _read_data(stream, self._limits.chunk + MIB)
            except (struct.error, ValueError) as error:
                following = bisect_right(self._chunks, chunk)
                if following == len(self._chunks):
                    # Behind the last chunk stands the index alone.
                    if not self._chunks or begin <= self._chunks[-1]:
                        losses.add(f"{self._name}: what comes after byte {begin} ({error}); see 'rosbag reindex'")
                    return
                losses.add(f"{self._name}: what lies between two chunks is broken ({error})")
                begin = chunk = self._chunks[following]
                stream.seek(begin)
                continue
            yield header, data, begin
            allowed -= len(data)
            begin = stream.tell()

    def _chunk(self, header: Header, data: bytes, place: int, wanted, losses: Losses) -> Iterator[Message]:
        try:
            size = _field(header, b"size", _LENGTH)
            if size > self._limits.chunk:
                raise ValueError(f"it claims to hold {size} bytes, more than {self._limits.chunk}: Limits.chunk")
            content = unpacked(data, header.get(b"compression", b"").decode(errors="replace"), size)
            if len(content) != size:
                raise ValueError(f"it holds {len(content)} bytes where {size} were promised")
        except (ValueError, BadPacking) as error:
            losses.add(f"{self._name}: the chunk at byte {place} is broken ({str(error)[:100]})")
            return
        view, position = memoryview(content), 0
        while position < size:
            try:
                part, position = _slice(view, position)
                inner = _header_of(part)
                part, position = _slice(view, position)
            except (struct.error, ValueError):
                losses.add(f"{self._name}: the end of the chunk at byte {place} is broken")
                return
            yield from self._take(_kind(inner), inner, part, wanted, losses)

    def _take(self, kind: int, header: Header, data: bytes | memoryview, wanted, losses: Losses) -> Iterator[Message]:
        try:
            if kind == _CONNECTION:
                self._connect(header, data, losses)
            elif kind == _MESSAGE and wanted is not None:
                yield from self._message(header, data, wanted, losses)
        except (struct.error, ValueError) as error:
            losses.add(f"{self._name}: records that are broken ({str(error)[:80]})")

    def _message(self, header: Header, data: bytes | memoryview, wanted, losses: Losses) -> Iterator[Message]:
        connection = self._connections.get(_field(header, b"conn", _LENGTH))
        if connection is None:
            losses.add(f"{self._name}: messages whose topic is not defined")
            return
        topic = connection.topic
        if topic.name not in wanted:
            return
        if topic.type != wanted[topic.name].type:
            losses.add(f"{self._name}: messages on {topic.name} of another type ({topic.type[:80]})")
            return
        if len(data) > self._limits.message:
            losses.add(f"{self._name}: messages of more than {self._limits.message} bytes (Limits.message)")
            return
        seconds, nanoseconds = _TIME.unpack(header.get(b"time", b""))
        turned = connection.converted(bytes(data), losses)
        if turned is not None:
            stamp = seconds * NANO + nanoseconds
            yield Message(topic.name, stamp, stamp, turned)

    def _connect(self, header: Header, data: bytes | memoryview, losses: Losses) -> None:
        number = _field(header, b"conn", _LENGTH)
        if number in self._connections:
            return
        if len(self._connections) >= self._limits.topics:
            losses.add(f"{self._name}: topics beyond the first {self._limits.topics} (Limits.topics)")
            return
        told = _header_of(data)
        texts = {name: told.get(name, b"").decode(errors="replace") for name in (b"type", b"message_definition")}
        name = header.get(b"topic", b"").decode(errors="replace")
        latched = told.get(b"latching") == b"1"
        qos = quality_of_service("reliable", "transient_local" if latched else "volatile", 10)
        # ROS 1 allows names without the first slash; ROS 2's are absolute.
        name = "/" + name.lstrip("/")
        topic = TopicInfo(name, texts[b"type"], (qos,), texts[b"message_definition"], "ros1msg", "ros1")
        self._connections[number] = Ros1Types(topic, self._limits)

    def _read_index(self) -> bool:
        """Topics and places of chunks from the end of the file; whether they are there."""
        stream = PlainStream(self._source.path)
        try:
            stream.seek(len(VERSION))
            header = _read_header(stream) or {}
            if header.get(b"encryptor"):
                raise BadFile(f"{self._name} is encrypted.")
            place, topics = _field(header, b"index_pos", _PLACE), _field(header, b"conn_count", _LENGTH)
            if not len(VERSION) < place <= self._source.size:
                return False
            stream.seek(place)
            chunks, told = set(), Losses()
            while (header := _read_header(stream)) is not None:
                data = _read_data(stream, self._limits.chunk)
                if _kind(header) == _CONNECTION:
                    self._connect(header, data, told)
                elif _kind(header) == _CHUNK_INFO:
                    chunks.add(_field(header, b"chunk_pos", _PLACE))
            self._chunks = sorted(chunk for chunk in chunks if chunk < place)
            return len(self._connections) >= min(topics, self._limits.topics)
        except (struct.error, ValueError, OSError):
            return False
        finally:
            stream.close()


def _read_header(stream: ByteStream) -> Header | None:
    """The next record's; None at the end of the file."""
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    return _header_of(_whole(stream, length))


def _read_data(stream: ByteStream, limit: int) -> bytes:
    (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
    if length > limit:
        raise ValueError(f"a record of {length} bytes, more than {limit}: Limits.chunk")
    return _whole(stream, length)


def _whole(stream: ByteStream, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise ValueError("it ends within a record")
    return data


def _slice(view: memoryview, position: int) -> tuple[memoryview, int]:
    (length,) = _LENGTH.unpack_from(view, position)
    begin = position + _LENGTH.size
    if length > len(view) - begin:
        raise ValueError("it ends within a record")
    return view[begin : begin + length], begin + length


def _header_of(data: bytes | memoryview) -> Header:
    """Fields of a record: name -> value."""
    header, view, position = {}, memoryview(data), 0
    while position < len(view):
        part, position = _slice(view, position)
        name, _, value = bytes(part).partition(b"=")
        header[name] = value
    return header


def _kind(header: Header) -> int:
    value = header.get(b"op", b"")
    return value[0] if value else -1


def _field(header: Header, name: bytes, kind: struct.Struct) -> int:
    try:
        return kind.unpack(header.get(name, b""))[0]
    except struct.error:
        raise ValueError(f"a record without its {name.decode()}") from None
