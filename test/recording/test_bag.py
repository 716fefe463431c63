# SPDX-License-Identifier: Apache-2.0
"""Bags are read back with rosbags' own reader: a second implementation of the format."""

from pathlib import Path

import pytest
from mcap.reader import NonSeekingReader
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagExists, BagWriter, quality_of_service

STRING = "std_msgs/msg/String"
STORE = get_typestore(Stores.ROS2_KILTED)


def serialised(text: str) -> bytes:
    return bytes(STORE.serialize_cdr(STORE.types[STRING](data=text), STRING))


def fill(bag: BagWriter, texts: list[str]) -> None:
    bag.add_topic("/instruction", STRING, quality_of_service("reliable", "transient_local", 3))
    for number, text in enumerate(texts):
        bag.write("/instruction", serialised(text), received=(number + 1) * 10**9)


def test_what_is_written_is_read_back_by_another_reader(tmp_path: Path):
    with BagWriter(tmp_path / "episode_001") as bag:
        fill(bag, ["stack", "unstack"])
    with AnyReader([tmp_path / "episode_001"]) as reader:
        read = [
            (connection.topic, stamp, reader.deserialize(data, connection.msgtype).data)
            for connection, stamp, data in reader.messages()
        ]
    assert read == [("/instruction", 10**9, "stack"), ("/instruction", 2 * 10**9, "unstack")]


def test_the_quality_of_service_is_kept(tmp_path: Path):
    with BagWriter(tmp_path / "bag") as bag:
        fill(bag, ["stack"])
    with Reader(tmp_path / "bag") as reader:
        profile = reader.connections[0].ext.offered_qos_profiles[0]
    assert (profile.reliability.name, profile.durability.name, profile.depth) == ("RELIABLE", "TRANSIENT_LOCAL", 3)


def test_an_empty_recording_is_still_a_bag(tmp_path: Path):
    BagWriter(tmp_path / "bag").close()
    with Reader(tmp_path / "bag") as reader:
        assert reader.message_count == 0


def test_a_recording_that_was_never_closed_is_readable_up_to_the_last_flush(tmp_path: Path):
    bag = BagWriter(tmp_path / "bag")
    fill(bag, ["stack", "unstack"])
    bag.flush()
    bag.write("/instruction", serialised("lost"), received=3 * 10**9)
    with bag.path.open("rb") as file:
        messages = NonSeekingReader(file).iter_messages(log_time_order=False)
        assert [next(messages)[2].data, next(messages)[2].data] == [serialised("stack"), serialised("unstack")]
    bag.close()


def test_a_recording_is_never_overwritten(tmp_path: Path):
    BagWriter(tmp_path / "bag").close()
    with pytest.raises(BagExists, match="never overwritten"):
        BagWriter(tmp_path / "bag")


def test_a_type_outside_the_common_interfaces_is_refused(tmp_path: Path):
    with BagWriter(tmp_path / "bag") as bag, pytest.raises(UserError, match="my_msgs/msg/Secret"):
        bag.add_topic("/secret", "my_msgs/msg/Secret", quality_of_service("reliable", "volatile", 1))
