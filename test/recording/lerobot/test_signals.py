# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.recording.cdr import NANO
from unified_agent.recording.lerobot import signals
from unified_agent.recording.lerobot.clock import CameraClock
from unified_agent.recording.lerobot.signals import Commands, Curve, Signals, Words
from unified_agent.recording.losses import Losses

SECONDS = np.arange(1, 11) * NANO
CLOCK = CameraClock(SECONDS, SECONDS)


def test_a_value_between_two_samples_is_on_the_line_through_them():
    assert Curve(SECONDS, np.arange(10.0) / 10).at(round(3.25 * NANO), 1.0) == pytest.approx((0.225, 0.25))


def test_samples_too_far_apart_are_not_joined():
    value, age = Curve(SECONDS[[0, 9]], np.array([0.0, 1.0])).at(4 * NANO, 0.5)
    assert (value, age) == (0.0, 3.0)


def test_a_joint_without_end_that_passes_its_turn_is_not_halfway():
    assert Curve(SECONDS[:2], np.array([3.1, -3.1])).at(round(1.4 * NANO), 1.0)[0] == 3.1


def test_samples_that_came_in_another_order_are_sorted_and_of_equal_times_the_last_counts():
    curve = Curve(SECONDS[[2, 0, 2, 1]], np.array([7.0, 0.0, 2.0, 1.0]))
    assert [curve.at(int(time), 0.1)[0] for time in SECONDS[:3]] == [0.0, 1.0, 2.0]


def test_the_order_of_joints_does_not_hang_on_which_publisher_came_first():
    messages = [("arm_1", "arm_2", "arm_3"), ("finger",)]
    names = []
    for order in (messages, messages[::-1]):
        kept = Signals("joint states", Losses())
        for message in order:
            kept.add(NANO, NANO, message, [0.0] * len(message))
        names.append(kept.names)
    assert names == [("arm_1", "arm_2", "arm_3", "finger")] * 2


def test_what_of_a_message_cannot_be_used_is_told_and_the_rest_is_kept():
    losses = Losses()
    kept = Signals("joint states", losses)
    kept.add(NANO, NANO, ["a", "", "b", "a", "c", "d"], [1.0, 2.0, np.nan, 3.0, 1e39])
    assert kept.names == ("a",)
    told = "; ".join(losses.lines)
    assert all(
        word in told for word in ("fewer values", "without a name", "'b' that are no", "twice", "'c' that are no")
    )


def test_more_than_a_robot_has_is_refused(monkeypatch):
    monkeypatch.setattr(signals, "MOST_NUMBERS", 100)
    kept = Signals("joint states", Losses())
    for _ in range(33):
        kept.add(NANO, NANO, ["a"], [0.0])
    with pytest.raises(UserError, match="more than 100 numbers"):
        kept.add(NANO, NANO, ["a"], [0.0])
    with pytest.raises(UserError, match="more than 500 names"):
        Signals("joint states", Losses()).add(NANO, NANO, [str(number) for number in range(501)], [0.0] * 501)


def test_a_command_stands_until_the_next_and_is_followed_along_its_points():
    kept = Commands("actions", Losses())
    kept.add(2 * NANO, 0, ["a"], [(1.0, [10.0]), (2.0, [20.0])])
    kept.add(5 * NANO, 0, ["a"], [(0.5, [0.0])])
    curve = kept.curves(CLOCK, True)[0]["a"]
    assert curve.at(NANO, 0) is None
    times = (2, 3, 3.5, 4.9, 5)
    assert [curve.at(round(time * NANO), 0) for time in times] == [10.0, 10.0, 15.0, 20.0, 0.0]
    assert curve.at(3 * NANO, NANO // 2) == 15.0


def test_a_sentence_stands_from_when_it_was_said():
    words = Words()
    words.add(3 * NANO, "later")
    words.add(NANO, "first")
    words.settle(CLOCK)
    assert [words.at(number * NANO) for number in (0, 1, 2, 3)] == ["", "first", "first", "later"]
