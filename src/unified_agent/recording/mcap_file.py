# SPDX-License-Identifier: Apache-2.0
"""One MCAP file read record by record: one that is broken costs itself and not the file."""

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from io import BytesIO

from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Channel, ChunkIndex, Footer, Schema, Statistics

from unified_agent.recording.cdr import Message, TopicInfo
from unified_agent.recording.definitions import full_name
from unified_agent.recording.limits import MIB, Limits
from unified_agent.recording.losses import Losses
from unified_agent.recording.quality import Profiles
from unified_agent.recording.ros1_types import Ros1Types
from unified_agent.recording.source import MCAP_MAGIC, ByteStream, PlainStream, Source
from unified_agent.recording.unpacking import BadPacking, unpacked

_RECORD = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")
# Before its compression: first and last time, bytes when unpacked, checksum, length of the compression's name.
_CHUNK = struct.Struct("<QQQII")
_LENGTH = struct.Struct("<Q")
_FOOTER = 8 + 8 + 4
LARGEST_SUMMARY = 64 * MIB
LARGEST_RECORD = 4 * MIB
"""Bytes of a record that is neither a chunk nor a message."""
# A file that leads from one broken record to another is not read more often than this.
_MOST_READ = 4
# Records of a packed file that are passed over.
_MOST_SKIPPED = 200_000
_ROS1 = "ros1"
# Opcodes from here on are others' own, and passed over.
_PRIVATE = 0x80
# Bytes of the records that end a file.
_ENDS = {Opcode.DATA_END: 4, Opcode.FOOTER: _FOOTER}


class McapFile:
    """Reads one file from its beginning to its end; where a record is broken it goes on with the next chunk that the
    file's index names, and without an index (a recorder that was killed) ends there.

    Args:
        source: the file.
        losses: what cannot be read is told to them.
    """

    def __init__(self, source: Source, losses: Losses, limits: Limits):
        self._source, self._limits, self._losses = source, limits, losses
        self._name = source.path.name
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._topics: dict[int, TopicInfo] = {}
        # Of schemas and channels, by opcode and number: their bytes.
        self._defined: dict[tuple[int, int], bytes] = {}
        self._profiles, self._definitions_left = Profiles(), limits.definitions
        self._converters: dict[int, Ros1Types] = {}
        self._chunks: list[int] = []
        self._statistics: Statistics | None = None
        self._named: frozenset[str] = frozenset()
        self.position = 0
        if not source.packed:
            self._read_summary()
        if not self._channels:
            # What is lost is told when the messages are read; where none can be, it is told now.
            found = Losses()
            for _ in self._messages({}, found):
                pass
            for line in [] if self._channels else found.lines:
                losses.add(line)
        self._named = frozenset(channel.topic for channel in self._channels.values())

    @property
    def count(self) -> int | None:
        """Messages that the file's own index promises; None without one."""
        return None if self._statistics is None else self._statistics.message_count

    @property
    def closed(self) -> bool:
        """Whether the file says of itself that it is whole, so that it needs no ``metadata.yaml``."""
        return self._statistics is not None

    def topics(self) -> list[TopicInfo]:
        """As the file defines them; two of a name where it holds two types of messages on one topic."""
        return [self._topic(number) for number in self._channels]

    def messages(self, wanted: Mapping[str, TopicInfo], losses: Losses) -> Iterator[Message]:
        """The messages in the order of the file, on the topics named, where they are of the type named."""
        self.position = 0
        for message, info in self._messages(wanted, losses):
            of = wanted[message.topic]
            if (info.type, info.encoding) == (of.type, of.encoding):
                yield message
            else:
                losses.add(f"{self._name}: messages on {message.topic} of another type ({info.type[:80]})")
        self.position = self._source.size

    def _messages(self, wanted: Mapping[str, TopicInfo], losses: Losses) -> Iterator[tuple[Message, TopicInfo]]:
        stream = self._source.open()
        try:
            for opcode, payload, place in self._records(stream, losses):
                self.position = (stream.file if self._source.packed else stream).tell()
                if opcode == Opcode.CHUNK:
                    yield from self._chunk(payload, place, wanted, losses)
                elif opcode == Opcode.MESSAGE:
                    yield from self._message(payload, wanted, losses)
                else:
                    self._define(opcode, payload, losses)
        except (OSError, BadPacking) as error:
            losses.add(f"{self._name}: everything from some byte on ({getattr(error, 'strerror', None) or error})")
        finally:
            stream.close()

    def _records(self, stream: ByteStream, losses: Losses) -> Iterator[tuple[int, bytes, int]]:
        """Opcode, content and place of every record that matters."""
        size = None if self._source.packed else self._source.size
        allowed = _MOST_READ * self._source.size
        chunk = floor = skipped = due = 0
        begin = len(MCAP_MAGIC)
        broken = "" if stream.read(begin) == MCAP_MAGIC else "it does not begin as MCAP does"
        while True:
            if broken:
                resumed = self._resume(floor, begin, broken, losses)
                if resumed is None:
                    return
                begin, floor, broken = resumed, resumed, ""
                stream.seek(begin)
            head = stream.read(_RECORD.size)
            if not head and due >= len(self._chunks):
                losses.add(f"{self._name}: it was never closed, and ends with its last whole record")
                return
            if len(head) < _RECORD.size:
                broken = "it ends within a record"
                continue
            opcode, length = _RECORD.unpack(head)
            if not opcode or (size is not None and length > size - begin - _RECORD.size):
                broken = f"no record of {length} bytes fits there"
                continue
            if opcode in (Opcode.DATA_END, Opcode.FOOTER):
                if length != _ENDS[opcode]:
                    broken = "it ends too early"
                    continue
                if due < len(self._chunks):
                    losses.add(f"{self._name}: a chunk that its index names is none", len(self._chunks) - due)
                return
            if opcode == Opcode.CHUNK:
                chunk = floor = begin
            while due < len(self._chunks) and self._chunks[due] <= begin:
                if self._chunks[due] != chunk:
                    losses.add(f"{self._name}: a chunk that its index names is none")
                due += 1
            if opcode in _READ and length <= self._largest(opcode):
                payload = stream.read(length)
                allowed -= length
                if len(payload) < length:
                    broken = "it ends within a record"
                    continue
                yield opcode, payload, begin
            else:
                if opcode in _READ:
                    what = Opcode(opcode).name.lower()
                    losses.add(f"{self._name}: a {what} of more than {self._largest(opcode)} bytes (Limits.{what})")
                elif len(Opcode) < opcode < _PRIVATE:
                    losses.add(f"{self._name}: records of an unknown kind")
                stream.skip(length)
                skipped += 1
            begin += _RECORD.size + length
            if (size is None and skipped > _MOST_SKIPPED) or (size is not None and allowed < 0):
                losses.add(f"{self._name}: everything from byte {begin} on (it holds little but records of no use)")
                return

    def _largest(self, opcode: int) -> int:
        """Bytes of a record that are read."""
        if opcode == Opcode.CHUNK:
            return self._limits.chunk + MIB
        return self._limits.message + _MESSAGE.size if opcode == Opcode.MESSAGE else LARGEST_RECORD

    def _resume(self, floor: int, begin: int, why: str, losses: Losses) -> int | None:
        """Where to go on after a broken record at ``begin``: at the first chunk beyond ``floor``; None: nowhere."""
        following = bisect_right(self._chunks, floor)
        if following < len(self._chunks):
            losses.add(f"{self._name}: what lies between two chunks is broken ({why})")
            return self._chunks[following]
        if not self._chunks or begin < self._chunks[-1]:
            size = self._source.size
            left = "all" if self._source.packed else f"its last {size - begin} of {size} bytes,"
            losses.add(f"{self._name}: {left} from byte {begin} on ({why})")
        return None

    def _chunk(
        self, payload: bytes, place: int, wanted: Mapping[str, TopicInfo], losses: Losses
    ) -> Iterator[tuple[Message, TopicInfo]]:
        try:
            data = self._unpacked(payload)
        except (struct.error, ValueError, BadPacking) as error:
            losses.add(f"{self._name}: the chunk at byte {place} is broken ({_reason(error)})")
            return
        view, position, strange = memoryview(data), 0, 0
        while position < len(view):
            try:
                opcode, length = _RECORD.unpack_from(view, position)
            except struct.error:
                length = len(view)
            begin = position + _RECORD.size
            position = begin + length
            if position > len(view) or strange > LARGEST_RECORD // MIB * 1000:
                losses.add(f"{self._name}: the end of the chunk at byte {place} is broken")
                return
            if opcode == Opcode.MESSAGE:
                yield from self._message(view[begin:position], wanted, losses)
                continue
            strange += 1
            if opcode in (Opcode.SCHEMA, Opcode.CHANNEL) and length <= LARGEST_RECORD:
                self._define(opcode, view[begin:position], losses)
            elif opcode < _PRIVATE:
                losses.add(f"{self._name}: records of an unknown kind")

    def _unpacked(self, payload: bytes) -> bytes:
        """What a chunk holds, checked."""
        _, _, size, checksum, length = _CHUNK.unpack_from(payload)
        begin = _CHUNK.size + length
        packing = payload[_CHUNK.size : begin].decode()
        (packed,) = _LENGTH.unpack_from(payload, begin)
        begin += _LENGTH.size
        if packed > len(payload) - begin:
            raise ValueError("it is shorter than it says")
        if size > self._limits.chunk:
            raise ValueError(f"it claims to hold {size} bytes, more than {self._limits.chunk}: Limits.chunk")
        data = unpacked(memoryview(payload)[begin : begin + packed], packing, size)
        if len(data) != size:
            raise ValueError(f"it holds {len(data)} bytes where {size} were promised")
        if checksum and zlib.crc32(data) != checksum:
            raise ValueError("its checksum is wrong")
        return data

    def _message(
        self, payload: bytes | memoryview, wanted: Mapping[str, TopicInfo], losses: Losses
    ) -> Iterator[tuple[Message, TopicInfo]]:
        if len(payload) < _MESSAGE.size:
            losses.add(f"{self._name}: messages that are cut off")
            return
        number, _, received, published = _MESSAGE.unpack_from(payload)
        channel = self._channels.get(number)
        if channel is None:
            losses.add(f"{self._name}: messages whose channel is not defined")
        elif channel.topic not in self._named:
            # Not while the topics are being found.
            if self._named:
                losses.add(f"{self._name}: messages on topics that its index does not name")
        elif channel.topic in wanted:
            if len(payload) - _MESSAGE.size > self._limits.message:
                losses.add(f"{self._name}: messages of more than {self._limits.message} bytes (Limits.message)")
                return
            data, info = bytes(payload[_MESSAGE.size :]), self._topic(number)
            if (converter := self._converters.get(number)) is not None:
                data = converter.converted(data, losses)
            if data is not None:
                yield Message(channel.topic, received, published, data), info

    def _define(self, opcode: int, payload: bytes | memoryview, losses: Losses) -> None:
        if opcode not in (Opcode.SCHEMA, Opcode.CHANNEL):
            return
        key, content = (opcode, int.from_bytes(payload[:2], "little")), bytes(payload)
        if self._defined.get(key) == content:
            return
        known = self._schemas if opcode == Opcode.SCHEMA else self._channels
        if key not in self._defined and len(known) >= self._limits.topics:
            losses.add(f"{self._name}: topics or types beyond the first {self._limits.topics} (Limits.topics)")
            return
        try:
            record = _parsed(Schema if opcode == Opcode.SCHEMA else Channel, content)
        except Exception as error:  # the library raises almost anything for broken bytes
            losses.add(f"{self._name}: a definition is broken ({_reason(error)})")
            return
        if record.id in known:
            if _meaning(known[record.id]) != _meaning(record):
                losses.add(f"{self._name}: a topic or type that is defined anew as another")
            return
        self._definitions_left -= len(content)
        if self._definitions_left < 0:
            losses.add(f"{self._name}: definitions beyond {self._limits.definitions} bytes (Limits.definitions)")
            return
        self._defined[key], known[record.id] = content, record
        # A type that is defined after its topic.
        self._topics.clear()

    def _topic(self, number: int) -> TopicInfo:
        if number not in self._topics:
            channel = self._channels[number]
            schema = self._schemas.get(channel.schema_id)
            info = TopicInfo(
                channel.topic,
                full_name(schema.name) if schema else "",
                self._profiles.of(channel.metadata.get("offered_qos_profiles", ""), self._losses),
                schema.data.decode(errors="replace") if schema else "",
                schema.encoding if schema else "",
                channel.message_encoding,
            )
            if info.encoding == _ROS1:
                self._converters[number] = Ros1Types(info, self._limits)
                info = self._converters[number].topic
            self._topics[number] = info
        return self._topics[number]

    def _read_summary(self) -> None:
        """Topics, places of chunks and counts, from the end of a file that was closed."""
        size, end = self._source.size, _FOOTER + len(MCAP_MAGIC)
        stream = PlainStream(self._source.path)
        try:
            if size < end + _RECORD.size:
                return
            stream.seek(size - end)
            footer = _parsed(Footer, stream.read(_FOOTER))
            begin, left = footer.summary_start, size - end - _RECORD.size - footer.summary_start
            if not begin or not 0 < left <= LARGEST_SUMMARY or stream.read(len(MCAP_MAGIC)) != MCAP_MAGIC:
                return
            stream.seek(begin)
            summary = stream.read(left)
            if footer.summary_crc:
                ending = _RECORD.pack(Opcode.FOOTER, _FOOTER) + struct.pack("<QQ", begin, footer.summary_offset_start)
                if zlib.crc32(ending, zlib.crc32(summary)) != footer.summary_crc:
                    return
            self._take_summary(summary)
        except Exception:  # a broken index is as good as none; the library raises almost anything
            self._schemas, self._channels, self._chunks, self._statistics = {}, {}, [], None
            self._defined.clear()
        finally:
            stream.close()

    def _take_summary(self, summary: bytes) -> None:
        view, position, chunks = memoryview(summary), 0, set()
        while position < len(view):
            opcode, length = _RECORD.unpack_from(view, position)
            begin = position + _RECORD.size
            position = begin + length
            payload = view[begin:position]
            if opcode == Opcode.CHUNK_INDEX:
                chunks.add(_parsed(ChunkIndex, payload).chunk_start_offset)
            elif opcode == Opcode.STATISTICS:
                self._statistics = _parsed(Statistics, payload)
            else:
                self._define(opcode, payload, Losses())
        self._chunks = sorted(offset for offset in chunks if offset < self._source.size)


_READ = (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE, Opcode.CHUNK)


def _parsed(kind: type, payload: bytes | memoryview):
    return kind.read(ReadDataStream(BytesIO(payload)))


def _meaning(record: Schema | Channel) -> tuple:
    if isinstance(record, Schema):
        return record.name, record.encoding, record.data
    return record.topic, record.message_encoding, record.schema_id


def _reason(error: BaseException) -> str:
    text = str(error).splitlines()
    return text[0][:120] if text and text[0] else type(error).__name__
