# SPDX-License-Identifier: Apache-2.0
from unified_agent.recording.losses import SHOWN, Losses


def test_the_same_loss_is_one_line_with_its_count():
    losses = Losses()
    assert losses.add("a chunk")
    assert not losses.add("a chunk")
    assert losses.lines == ["a chunk (2 times)"]


def test_reading_again_loses_nothing_more():
    losses = Losses()
    losses.add("no metadata")
    for count in (2, 3, 1):
        reading = losses.reading()
        for _ in range(count):
            reading.add("a message")
    assert losses.lines == ["no metadata", "a message (3 times)"]


def test_the_list_stays_short():
    losses = Losses()
    for number in range(100):
        losses.reading().add(f"loss {number}")
    assert len(losses.lines) == SHOWN + 1
