# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import BadMessage
from unified_agent.recording.images import any_frame
from unified_agent.recording.reader import BagReader, NoBag

from .conftest import noise, string

MESSAGES = 61
LEFT = "/camera/left/image_raw"
STRING = "std_msgs/msg/String"


def counted(path: Path) -> tuple[int, list[str]]:
    reader = BagReader(path)
    return sum(1 for _ in reader.messages()), reader.losses


def mcap(bag: Path) -> Path:
    return bag / "bag_0.mcap"


def test_a_whole_bag_is_read_whole(bag):
    assert counted(bag) == (MESSAGES, [])
    assert counted(mcap(bag)) == (MESSAGES, [])


def test_frames_come_back_as_they_were_recorded(bag):
    reader = BagReader(bag)
    message = next(reader.messages([LEFT]))
    assert (any_frame(reader.topics[LEFT], reader.decode(message)) == noise(0)).all()


def test_a_bag_that_was_never_closed_is_read_up_to_its_last_flush(tmp_path):
    writer = BagWriter(tmp_path / "bag")
    writer.add_topic("/instruction", STRING)
    writer.write("/instruction", string("stack"), 1)
    writer.flush()
    writer.write("/instruction", string("lost"), 2)
    read, losses = counted(tmp_path / "bag")
    writer.close()
    assert read == 1
    assert "not closed" in losses[0]


def test_a_truncated_bag_gives_what_is_whole_and_says_what_was_lost(bag):
    data = mcap(bag).read_bytes()
    mcap(bag).write_bytes(data[: len(data) * 2 // 3])
    read, losses = counted(bag)
    assert 20 <= read < MESSAGES
    assert any("bytes, from byte" in line for line in losses)
    assert any(f"{read} messages were read where {MESSAGES} were promised" in line for line in losses)


def test_a_broken_chunk_costs_that_chunk_only(bag):
    data = bytearray(mcap(bag).read_bytes())
    data[len(data) // 2] ^= 0xFF
    mcap(bag).write_bytes(data)
    read, losses = counted(bag)
    assert read == MESSAGES - 10
    assert "chunk at byte" in losses[0]


def test_split_files_are_one_bag_and_a_missing_one_is_told(tmp_path):
    with BagWriter(tmp_path / "bag", split_bytes=2000) as writer:
        writer.add_topic("/instruction", STRING)
        for number in range(12):
            writer.write("/instruction", string(noise(number).tobytes().hex()), number)
            writer.flush()
    files = sorted((tmp_path / "bag").glob("*.mcap"))
    assert len(files) > 2
    assert counted(tmp_path / "bag") == (12, [])
    files[1].unlink()
    _, losses = counted(tmp_path / "bag")
    assert f"{files[1].name}: the file is missing" in losses


@pytest.mark.parametrize("plugin", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_a_bag_by_somebody_else_is_read_with_its_own_message_type(tmp_path, plugin):
    store = get_typestore(Stores.ROS2_HUMBLE)
    store.register(get_types_from_msg("float32 grip\nstring word", "acme/msg/Hand"))
    with Writer(tmp_path / "theirs", version=8, storage_plugin=plugin) as writer:
        connection = writer.add_connection("/hand", "acme/msg/Hand", typestore=store)
        message = store.types["acme/msg/Hand"](grip=0.5, word="hello")
        writer.write(connection, 7, store.serialize_cdr(message, "acme/msg/Hand"))
    reader = BagReader(tmp_path / "theirs")
    [message] = reader.messages()
    assert message.received == 7
    assert reader.decode(message).word == "hello"


def test_a_truncated_sqlite_bag_is_no_traceback(tmp_path):
    store = get_typestore(Stores.ROS2_HUMBLE)
    with Writer(tmp_path / "theirs", version=8, storage_plugin=StoragePlugin.SQLITE3) as writer:
        connection = writer.add_connection("/word", STRING, typestore=store)
        for number in range(200):
            writer.write(connection, number, store.serialize_cdr(store.types[STRING](data="x" * 500), STRING))
    [file] = (tmp_path / "theirs").glob("*.db3")
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096] = bytes(4096)
    file.write_bytes(data)
    read, losses = counted(tmp_path / "theirs")
    assert 0 < read < 200
    assert any("everything after its message" in line for line in losses)


@pytest.mark.parametrize("content", [None, b"", b"no bag at all"])
def test_what_is_no_bag_is_refused(tmp_path, content):
    path = tmp_path / "x.mcap"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoBag, match="[Ee]xpected a rosbag2"):
        BagReader(path)


def test_metadata_cannot_lead_out_of_the_folder(bag, tmp_path):
    secret = tmp_path / "secret.mcap"
    mcap(bag).rename(secret)
    metadata = yaml.safe_load((bag / "metadata.yaml").read_text())
    metadata["rosbag2_bagfile_information"]["relative_file_paths"] = ["../secret.mcap"]
    (bag / "metadata.yaml").write_text(yaml.safe_dump(metadata))
    with pytest.raises(NoBag):
        BagReader(bag)


def test_an_unknown_topic_is_answered_with_the_nearest(bag):
    with pytest.raises(UserError, match=f"Did you mean '{LEFT}'"):
        BagReader(bag).topic("/camera/left/image")


def test_a_message_of_broken_bytes_is_refused_with_its_topic(bag):
    reader = BagReader(bag)
    message = next(reader.messages([LEFT]))
    with pytest.raises(BadMessage, match=LEFT):
        reader.decode(message._replace(data=message.data[:20]))


def test_the_position_ends_at_the_size(bag):
    reader = BagReader(bag)
    positions = [reader.position for _ in reader.messages()]
    assert (np.diff(positions) >= 0).all()
    assert reader.position == reader.size
