# SPDX-License-Identifier: Apache-2.0
"""One MCAP file read chunk by chunk: a chunk that is broken costs that chunk and not the file."""

from collections.abc import Iterator
from pathlib import Path

from mcap.exceptions import EndOfFile
from mcap.reader import SeekingReader
from mcap.records import Channel, Chunk, Schema, Statistics
from mcap.records import Message as Record
from mcap.stream_reader import MAGIC_SIZE, StreamReader, breakup_chunk

from unified_agent.recording.cdr import Message, TopicInfo, profiles
from unified_agent.recording.losses import Losses

# A length greater than this is no chunk but a broken byte.
LARGEST_CHUNK = 2**30


class McapFile:
    """Reads one file from its beginning to its end.

    With an index (a file that was closed) each chunk is read at its own place, whatever stands between; without one
    (a recorder that was killed) records are followed from the first until one is broken.

    Args:
        path: of the file.
        losses: what cannot be read is told to them.
    """

    def __init__(self, path: Path, losses: Losses):
        self._path = path
        self._losses = losses
        self._size = path.stat().st_size
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._chunks: list[int] = []
        self._statistics: Statistics | None = None
        self.position = 0
        self._read_summary()

    @property
    def count(self) -> int | None:
        """Messages that the file's own index promises; None without one."""
        return None if self._statistics is None else self._statistics.message_count

    def topics(self) -> dict[str, TopicInfo]:
        """Name -> topic. Where the file has no index this reads all of it."""
        if not self._channels:
            told, self._losses = self._losses, Losses()
            for _ in self.messages(()):
                pass
            # What was lost is told when the messages are read; where none can be, it is told now.
            for line in [] if self._channels else self._losses.lines:
                told.add(line)
            self._losses = told
        return {channel.topic: self._topic(channel) for channel in self._channels.values()}

    def messages(self, topics: frozenset[str] | tuple | None = None) -> Iterator[Message]:
        """The messages in the order of the file; those of the topics named, or all."""
        with self._path.open("rb") as stream:
            for chunk in self._indexed(stream) if self._chunks else self._in_sequence(stream):
                self.position = stream.tell()
                for record in chunk:
                    if isinstance(record, Schema):
                        self._schemas[record.id] = record
                    elif isinstance(record, Channel):
                        self._channels[record.id] = record
                    elif isinstance(record, Record):
                        channel = self._channels.get(record.channel_id)
                        if channel is None:
                            self._losses.add(f"{self._path.name}: messages whose channel is not defined", 1)
                        elif topics is None or channel.topic in topics:
                            yield Message(channel.topic, record.log_time, record.publish_time, record.data)
        self.position = self._size

    def _read_summary(self) -> None:
        with self._path.open("rb") as stream:
            try:
                reader = SeekingReader(stream, validate_crcs=True, record_size_limit=self._limit)
                summary = reader.get_summary()
            except Exception:  # broken bytes make the library raise almost anything
                return
        if summary is None or not summary.chunk_indexes:
            return
        self._schemas, self._channels = dict(summary.schemas), dict(summary.channels)
        self._statistics = summary.statistics
        self._chunks = sorted(index.chunk_start_offset for index in summary.chunk_indexes)

    @property
    def _limit(self) -> int:
        return min(self._size, LARGEST_CHUNK)

    def _indexed(self, stream) -> Iterator[list]:
        for offset in self._chunks:
            stream.seek(offset)
            reader = StreamReader(stream, skip_magic=True, emit_chunks=True, record_size_limit=self._limit)
            try:
                record = next(reader.records)
                if not isinstance(record, Chunk):
                    raise ValueError(f"a {type(record).__name__} where a chunk should be")
                records = self._records(record)
            except Exception as error:
                records = []
                self._losses.add(f"{self._path.name}: the chunk at byte {offset} is broken ({_reason(error)})")
            yield records

    def _in_sequence(self, stream) -> Iterator[list]:
        reader = StreamReader(stream, emit_chunks=True, record_size_limit=self._limit).records
        begin = MAGIC_SIZE
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except Exception as error:
                left = self._size - begin
                if isinstance(error, EndOfFile) and left == 0:
                    self._losses.add(f"{self._path.name}: it was never closed, and ends with its last whole chunk")
                else:
                    self._losses.add(
                        f"{self._path.name}: its last {left} of {self._size} bytes, from byte {begin} on "
                        f"({_reason(error)})"
                    )
                return
            begin = stream.tell()
            if not isinstance(record, Chunk):
                yield [record]
                continue
            try:
                records = self._records(record)
            except Exception as error:
                records = []
                self._losses.add(f"{self._path.name}: the chunk before byte {begin} is broken ({_reason(error)})")
            yield records

    def _records(self, chunk: Chunk) -> list:
        if chunk.uncompressed_size > LARGEST_CHUNK:
            raise ValueError(f"it claims to hold {chunk.uncompressed_size} bytes")
        return breakup_chunk(chunk, validate_crc=True)

    def _topic(self, channel: Channel) -> TopicInfo:
        schema = self._schemas.get(channel.schema_id)
        return TopicInfo(
            channel.topic,
            schema.name if schema else "",
            profiles(channel.metadata.get("offered_qos_profiles", "")),
            schema.data.decode(errors="replace") if schema else "",
            schema.encoding if schema else "",
            channel.message_encoding,
        )


def _reason(error: BaseException) -> str:
    text = str(error).splitlines()
    return text[0][:120] if text and text[0] else type(error).__name__
