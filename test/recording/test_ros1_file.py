# SPDX-License-Identifier: Apache-2.0
"""ROS 1 bags, written by rosbags' own writer."""

from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from unified_agent.recording.bag import BagWriter
from unified_agent.recording.reader import BagReader, NoBag, find_bags

STORE = get_typestore(Stores.ROS1_NOETIC)
STORE.register(get_types_from_msg("Header header\nfloat32[] grips\nstring word", "acme/msg/Hand"))
TYPES = STORE.types


def header(number: int):
    return TYPES["std_msgs/msg/Header"](number, TYPES["builtin_interfaces/msg/Time"](number, 5), "camera")


def joints(number: int):
    values = np.arange(2.0) + number
    return TYPES["sensor_msgs/msg/JointState"](header(number), ["a", "b"], values, values, values)


def written(path: Path, messages: dict[str, list], compression=None) -> Path:
    """A bag of topics and their messages, a second apart."""
    bag = Writer(path)
    bag.chunk_threshold = 1000
    if compression:
        bag.set_compression(compression)
    with bag:
        for topic, ones in messages.items():
            kind = ones[0].__msgtype__
            connection = bag.add_connection(topic, kind, typestore=STORE)
            for number, message in enumerate(ones):
                bag.write(connection, (number + 1) * 10**9, STORE.serialize_ros1(message, kind))
    return path


@pytest.mark.parametrize("compression", [None, Writer.CompressionFormat.BZ2, Writer.CompressionFormat.LZ4])
def test_messages_come_as_ros_2_has_them(tmp_path, compression):
    hand = TYPES["acme/msg/Hand"](header(3), np.array([0.5], np.float32), "hello")
    path = written(tmp_path / "x.bag", {"joint_states": [joints(1), joints(2)], "/hand": [hand]}, compression)
    reader = BagReader(path)
    read = [(message.topic, message.received, reader.decode(message)) for message in reader.messages()]
    assert [(topic, time) for topic, time, _ in read] == [
        ("/joint_states", 10**9),
        ("/joint_states", 2 * 10**9),
        ("/hand", 10**9),
    ]
    first, _, last = (message for *_, message in read)
    assert (first.header.stamp.sec, first.header.frame_id, first.name) == (1, "camera", ["a", "b"])
    assert (last.header.stamp.sec, last.grips.tolist(), last.word) == (3, [0.5], "hello")
    assert reader.topics["/joint_states"].type == "sensor_msgs/msg/JointState"
    assert reader.losses == []


def test_a_type_that_ros_2_changed_is_brought_to_its_new_form(tmp_path):
    ranged = TYPES["sensor_msgs/msg/Range"](header(1), 0, 0.1, 0.2, 4.0, 1.5)
    reader = BagReader(written(tmp_path / "x.bag", {"/range": [ranged]}))
    [message] = reader.messages()
    assert reader.decode(message).range == 1.5
    assert reader.decode(message).variance == 0


def test_a_copy_as_mcap_is_whole(tmp_path):
    hand = TYPES["acme/msg/Hand"](header(3), np.array([0.5], np.float32), "hello")
    reader = BagReader(written(tmp_path / "x.bag", {"/hand": [hand]}))
    with BagWriter(tmp_path / "copy") as writer:
        for topic in reader.topics.values():
            writer.add(topic)
        for message in reader.messages():
            writer.write(message.topic, message.data, message.received)
    copy = BagReader(tmp_path / "copy")
    assert [copy.decode(message).word for message in copy.messages()] == ["hello"]


def test_a_bag_that_was_never_indexed_is_read_and_the_way_to_mend_it_named(tmp_path):
    path = written(tmp_path / "x.bag.active", {"/joint_states": [joints(1), joints(2)]})
    data = path.read_bytes()
    index = int.from_bytes(data[data.index(b"index_pos=") + 10 :][:8], "little")
    path.write_bytes(data[:index].replace(b"index_pos=" + index.to_bytes(8, "little"), b"index_pos=" + bytes(8)))
    reader = BagReader(find_bags(tmp_path)[0])
    assert len(list(reader.messages())) == 2
    assert "rosbag reindex" in reader.losses[0]


@pytest.mark.parametrize(("kept", "least"), [(0.5, 10), (0.98, 50)])
def test_a_truncated_bag_gives_what_is_whole(tmp_path, kept, least):
    path = written(tmp_path / "x.bag", {"/joint_states": [joints(number) for number in range(50)]})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    reader = BagReader(path)
    assert least <= len(list(reader.messages())) <= 50
    assert any("rosbag reindex" in line for line in reader.losses)


def test_a_broken_chunk_costs_itself(tmp_path):
    path = written(tmp_path / "x.bag", {"/joint_states": [joints(number) for number in range(50)]})
    data = bytearray(path.read_bytes())
    place = data.index(b"compression=none", len(data) // 3)
    data[place + 12 : place + 16] = b"rar!"
    path.write_bytes(data)
    reader = BagReader(path)
    assert 30 < len(list(reader.messages())) < 50
    assert "is packed as 'rar!'" in reader.losses[0]


@pytest.mark.parametrize("head", [b"#ROSBAG V1.2\n", b"#ROSBAG V2.0\n", b"no bag at all"])
def test_what_is_no_bag_is_refused(tmp_path, head):
    (tmp_path / "x.bag").write_bytes(head)
    with pytest.raises(NoBag):
        BagReader(tmp_path / "x.bag")
