# SPDX-License-Identifier: Apache-2.0
import random

from unified_agent.recording.cdr import NANO, Message
from unified_agent.recording.lerobot.order import StampOrder


def images(stamps, camera="left"):
    return [Message(camera, number, number, str(stamp).encode()) for number, stamp in enumerate(stamps)]


def in_order(stamps):
    order = StampOrder({"left": stamps})
    return [int(message.data) for message in order.sorted(images(stamps))], order.moved


def test_images_in_order_do_not_wait():
    stamps = [number * NANO // 10 for number in range(20)]
    order = StampOrder({"left": stamps})
    taken = []
    for message in order.sorted(taken.append(image) or image for image in images(stamps)):
        assert taken[-1] is message
    assert order.moved == 0


def test_images_that_came_late_are_put_in_order():
    stamps = [number * NANO // 10 for number in range(40)]
    mixed = [
        stamp for _, stamp in sorted((stamp + random.Random(stamp).uniform(0, NANO / 2), stamp) for stamp in stamps)
    ]
    assert mixed != stamps
    found, moved = in_order(mixed)
    assert found == stamps
    assert moved > 0


def test_a_clock_that_was_set_back_begins_anew():
    stamps = [*range(100 * NANO, 103 * NANO, NANO), *range(10 * NANO, 13 * NANO, NANO)]
    assert in_order(stamps) == (stamps, 0)


def test_no_more_than_some_images_wait():
    stamps = [NANO, *range(1, 500, 2), 0]
    found, _ = in_order([stamp * 1000 for stamp in stamps])
    assert sorted(found) == sorted(stamp * 1000 for stamp in stamps)


def test_cameras_are_sorted_each_for_itself():
    left, right = [2, 1], [10, 20]
    messages = [image for pair in zip(images(left), images(right, "right"), strict=True) for image in pair]
    order = StampOrder({"left": left, "right": right})
    assert [int(message.data) for message in order.sorted(messages)] == [10, 1, 2, 20]
