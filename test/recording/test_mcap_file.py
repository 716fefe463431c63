# SPDX-License-Identifier: Apache-2.0
"""MCAP files by hand: what no writer writes."""

import struct
import tracemalloc
import zlib
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from unified_agent.recording.limits import DEFAULT, Limits
from unified_agent.recording.reader import BagReader, NoBag

from .conftest import string

MAGIC = b"\x89MCAP0\r\n"
STRING = "std_msgs/msg/String"
DEFINITION = "string data\n"


def text(value: str | bytes) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return struct.pack("<I", len(value)) + value


def record(opcode: int, content: bytes, length: int | None = None) -> bytes:
    return struct.pack("<BQ", opcode, len(content) if length is None else length) + content


def schema(number: int = 1, name: str = STRING, definition: str = DEFINITION, form: str = "ros2msg") -> bytes:
    return record(3, struct.pack("<H", number) + text(name) + text(form) + text(definition))


def channel(number: int = 1, topic: str = "/word", kind: int = 1, encoding: str = "cdr") -> bytes:
    return record(4, struct.pack("<HH", number, kind) + text(topic) + text(encoding) + text(b""))


def message(data: bytes, time: int = 1, number: int = 1) -> bytes:
    return record(5, struct.pack("<HIQQ", number, 0, time, time) + data)


WORD = schema() + channel() + message(string("hello"))


def chunk(content: bytes, packing: str = "", size: int | None = None, checksum: int | None = None) -> bytes:
    """Of packed content; claims may be others than the truth."""
    crc = zlib.crc32(content) if checksum is None and not packing else checksum or 0
    size = len(content) if size is None else size
    head = struct.pack("<QQQI", 0, 0, size, crc) + text(packing)
    return record(6, head + struct.pack("<Q", len(content)) + content)


def written(path: Path, *records: bytes) -> Path:
    path.write_bytes(MAGIC + record(1, text("") + text("")) + b"".join(records) + record(15, bytes(4)))
    return path


def read(path: Path, limits: Limits = DEFAULT) -> tuple[list[str], list[str]]:
    """The words in a file, and what was lost."""
    reader = BagReader(path, limits)
    words = [reader.decode(message).data for message in reader.messages()]
    return words, reader.losses


def zeros(count: int) -> bytes:
    """A zstd frame that holds many zeros and does not say how many."""
    packer = zstandard.ZstdCompressor().compressobj()
    parts = [packer.compress(bytes(2**20)) for _ in range(count // 2**20)]
    return b"".join([*parts, packer.flush()])


@pytest.mark.parametrize("packing", ["zstd", "lz4"])
@pytest.mark.parametrize("claim", [1000, 2**27 + 1, 2**60])
def test_a_chunk_that_holds_more_than_it_may_costs_itself_and_no_memory(tmp_path, packing, claim):
    bomb = zeros(2**25) if packing == "zstd" else lz4.frame.compress(bytes(2**25))
    path = written(tmp_path / "x.mcap", chunk(WORD), chunk(bomb, packing, claim), chunk(message(string("after"))))
    del bomb
    tracemalloc.start()
    words, losses = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert words == ["hello", "after"]
    assert len(losses) == 1 and "is broken" in losses[0]
    assert peak < 20 * 2**20


def test_a_packed_chunk_may_leave_out_how_much_it_holds(tmp_path):
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(WORD)
    packed = lz4.frame.compress(WORD)
    path = written(tmp_path / "x.mcap", chunk(frame, "zstd", len(WORD)), chunk(packed, "lz4", len(WORD)))
    assert read(path) == (["hello", "hello"], [])


def test_a_chunk_packed_otherwise_is_named(tmp_path):
    words, [lost] = read(written(tmp_path / "x.mcap", chunk(WORD), chunk(WORD, "brotli")))
    assert words == ["hello"]
    assert "'brotli'" in lost


@pytest.mark.parametrize("length", [2**60, 10**6])
def test_a_record_longer_than_the_file_ends_it(tmp_path, length):
    words, [lost] = read(written(tmp_path / "x.mcap", WORD, record(5, b"", length)))
    assert words == ["hello"]
    assert "from byte" in lost


def test_records_within_a_chunk_may_be_longer_than_it(tmp_path):
    words, [lost] = read(written(tmp_path / "x.mcap", chunk(WORD + record(5, b"", 2**40)), chunk(message(string("b")))))
    assert words == ["hello", "b"]
    assert "the end of the chunk" in lost


def test_attachments_and_unknown_records_are_passed_over(tmp_path):
    path = written(tmp_path / "x.mcap", record(9, bytes(5000)), WORD, record(0x99, b"private"), chunk(WORD))
    assert read(path) == (["hello", "hello"], [])


def test_larger_limits_can_be_given(tmp_path):
    path = written(tmp_path / "x.mcap", WORD, message(string("x" * 1000)), chunk(message(string("y" * 3000))))
    small = Limits(chunk=2000, message=900)
    words, losses = read(path, small)
    assert words == ["hello"]
    assert sorted(loss.split("(")[-1] for loss in losses) != []
    assert len(read(path)[0]) == 3


def test_messages_without_a_topic_and_topics_without_a_type_are_told(tmp_path):
    path = written(
        tmp_path / "x.mcap", WORD, message(string("lost"), number=7), channel(2, "/bare", 9), message(b"1", 1, 2)
    )
    reader = BagReader(path)
    assert [message.topic for message in reader.messages()] == ["/word", "/bare"]
    assert reader.topics["/bare"].type == ""
    assert reader.losses == ["x.mcap: messages whose channel is not defined"]


def test_one_topic_of_two_types_gives_the_first_and_tells_the_other(tmp_path):
    other = schema(2, "std_msgs/msg/Int32", "int32 data") + channel(2, "/word", 2) + message(bytes(8), 1, 2)
    words, losses = read(written(tmp_path / "x.mcap", WORD, other))
    assert words == ["hello"]
    assert losses == ["x.mcap: messages on /word of another type (std_msgs/msg/Int32)"]


def test_short_names_of_types_are_the_full_ones(tmp_path):
    path = written(tmp_path / "x.mcap", schema(name="std_msgs/String"), channel(), message(string("short")))
    assert BagReader(path).topics["/word"].type == STRING
    assert read(path)[0] == ["short"]


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_other_encodings_are_named_with_their_topic(tmp_path, encoding):
    path = written(tmp_path / "x.mcap", WORD, channel(2, "/cam", 1, encoding), message(b"{}", 1, 2))
    reader = BagReader(path)
    assert reader.unread == {"/cam": encoding}
    assert f"/cam: it is encoded as '{encoding}'" in reader.losses[0]


def test_times_that_ros_cannot_say_are_told(tmp_path):
    path = written(tmp_path / "x.mcap", WORD, *(message(string("x"), time) for time in (2**63, 2**64 - 1, 2**62)))
    words, losses = read(path)
    assert words == ["hello"]
    assert losses == ["messages on /word whose time is before 1970 or after 2038 (3 times)"]


def test_many_topics_end_at_the_limit(tmp_path):
    channels = b"".join(channel(number, f"/topic_{number}") for number in range(2, 300))
    reader = BagReader(written(tmp_path / "x.mcap", WORD, channels), Limits(topics=100))
    assert len(reader.topics) == 100
    assert len(list(reader.messages())) == 1
    assert "Limits.topics" in reader.losses[0]


def test_a_closed_file_whose_chunk_is_broken_goes_on_with_the_next(tmp_path):
    path = tmp_path / "x.mcap"
    with path.open("wb") as stream:
        writer = Writer(stream, chunk_size=50, compression=CompressionType.NONE)
        writer.start()
        kind = writer.register_schema(STRING, "ros2msg", DEFINITION.encode())
        topic = writer.register_channel("/word", "cdr", kind)
        for number in range(10):
            writer.add_message(topic, number, string(f"word number {number}"), number)
        writer.finish()
    data = bytearray(path.read_bytes())
    whole = read(path)[0]
    word = data.index(b"number 4")
    with path.open("rb") as stream:
        chunks = [index.chunk_start_offset for index in make_reader(stream).get_summary().chunk_indexes]
    begin = max(place for place in chunks if place < word)
    for place, value in ((word, b"#"), (begin, b"\x02"), (begin, b"\x07"), (begin + 1, b"\xff"), (begin + 8, b"\xff")):
        broken = bytearray(data)
        broken[place : place + 1] = value
        path.write_bytes(broken)
        words, losses = read(path)
        assert len(whole) - 2 <= len(words) <= len(whole)
        assert losses


def test_an_index_that_lies_leads_nowhere_twice(tmp_path):
    """Offsets of chunks that are none, or the same one, cost a line each kind."""
    entry = struct.pack("<QQQQI", 0, 0, 8, 10, 0) + struct.pack("<Q", 0) + text("") + struct.pack("<QQ", 0, 0)
    index = b"".join(record(8, struct.pack("<QQQ", 0, 0, place) + entry[24:]) for place in range(8, 400))
    body = MAGIC + record(1, text("") + text("")) + chunk(WORD) + record(15, bytes(4))
    summary = schema() + channel() + index
    footer = record(2, struct.pack("<QQI", len(body), 0, 0))
    (tmp_path / "x.mcap").write_bytes(body + summary + footer + MAGIC)
    words, losses = read(tmp_path / "x.mcap")
    assert words == ["hello"]
    assert len(losses) < 5


def test_a_file_of_nothing_but_its_first_bytes_is_no_bag(tmp_path):
    with pytest.raises(NoBag, match="never closed|nothing|Nothing"):
        BagReader(written(tmp_path / "x.mcap"))


def test_messages_of_ros_1_in_mcap_become_those_of_ros_2(tmp_path):
    data = struct.pack("<III", 7, 1, 5) + text("camera") + struct.pack("<I", 1) + text("elbow")
    data += struct.pack("<Id", 1, 0.5) + bytes(8)
    definition = "Header header\nstring[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort\n"
    definition += f"{'=' * 80}\nMSG: std_msgs/Header\nuint32 seq\ntime stamp\nstring frame_id\n"
    kind = schema(name="sensor_msgs/JointState", definition=definition, form="ros1msg")
    topic = channel(topic="/joint_states", encoding="ros1")
    reader = BagReader(written(tmp_path / "x.mcap", kind, topic, message(data), message(b"cut off", 2)))
    [joints] = map(reader.decode, reader.messages())
    assert (joints.header.frame_id, joints.header.stamp.sec) == ("camera", 1)
    assert (joints.name, joints.position.tolist()) == (["elbow"], [0.5])
    assert "no whole sensor_msgs/msg/JointState" in reader.losses[0]
