# SPDX-License-Identifier: Apache-2.0
import time

import pytest

from unified_agent.recording import background
from unified_agent.recording.background import BackgroundWriter, WriteFailed
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.reader import BagReader

from .conftest import string

TOPIC = "/instruction"


@pytest.fixture
def bag(tmp_path):
    bag = BagWriter(tmp_path / "bag")
    bag.add_topic(TOPIC, "std_msgs/msg/String")
    return bag


def eventually(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_everything_taken_is_in_the_bag_in_its_order(bag):
    writer = BackgroundWriter(bag)
    for number in range(500):
        writer.write(TOPIC, string(str(number)), number)
    writer.close()
    reader = BagReader(writer.folder)
    assert [reader.decode(message).data for message in reader.messages()] == [str(number) for number in range(500)]
    assert writer.counts == {TOPIC: 500}


def test_what_was_taken_is_readable_soon_without_closing(bag, monkeypatch):
    monkeypatch.setattr(background, "FLUSH_PERIOD", 0.05)
    writer = BackgroundWriter(bag)
    writer.write(TOPIC, string("stack"), 1)
    eventually(lambda: bag.path.stat().st_size > 0)
    assert len(list(BagReader(writer.folder).messages())) == 1
    writer.close()


def test_an_error_of_the_disk_is_told_by_the_next_call(bag, monkeypatch):
    monkeypatch.setattr(bag, "write", lambda *message: (_ for _ in ()).throw(OSError("disk gone")))
    writer = BackgroundWriter(bag)
    writer.write(TOPIC, string("stack"), 1)
    with pytest.raises(WriteFailed, match="disk gone"):
        eventually(writer.check)
    with pytest.raises(WriteFailed, match="disk gone"):
        writer.write(TOPIC, string("stack"), 2)
    writer.abandon()


def test_more_than_the_disk_takes_is_refused_and_not_kept_in_memory(bag, monkeypatch):
    monkeypatch.setattr(background, "BACKLOG", 100)
    monkeypatch.setattr(bag, "write", lambda *message: time.sleep(0.5))
    writer = BackgroundWriter(bag)
    writer.write(TOPIC, string("x" * 200), 1)
    with pytest.raises(WriteFailed, match="wait for the disk"):
        writer.write(TOPIC, string("stack"), 2)
    writer.close()
