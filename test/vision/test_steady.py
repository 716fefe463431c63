# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.errors import UserError
from unified_agent.vision.steady import Steady

GRASP, TABLE = "the robot is grasping the red object", "the red object is on the table"


def first_seen(stamps, steady=None) -> int:
    """Number of the moment in which a sentence that is true throughout is seen; how many there are where never."""
    steady = steady or Steady()
    return next((number for number, stamp in enumerate(stamps, 1) if steady.judge(stamp, {GRASP})), len(stamps))


def every(seconds: float, count: int = 50, jitter: float = 0.0) -> list[float]:
    return [1e9 + number * seconds + (number % 2) * jitter for number in range(count)]


def test_a_sentence_is_seen_on_the_third_moment_of_a_camera_of_10_hz():
    assert first_seen(every(0.1)) == 3
    assert first_seen(every(0.1, jitter=-0.01)) == 3


def test_a_fast_camera_must_show_it_for_as_long():
    assert first_seen(every(1 / 30)) == 7
    assert first_seen(every(1 / 60)) in (12, 13)


def test_a_slow_camera_must_show_it_as_often():
    assert first_seen(every(0.5)) == first_seen(every(2.0)) == 3


def test_one_moment_in_which_it_is_false_begins_anew():
    steady = Steady()
    seen = [GRASP in steady.judge(0.1 * number, {GRASP} if number != 2 else ()) for number in range(6)]
    assert seen == [False, False, False, False, False, True]


def test_it_is_new_once_until_it_was_false():
    steady, new = Steady(), []
    for number in range(12):
        steady.judge(0.1 * number, {GRASP} if number != 6 else ())
        new += [number] if GRASP in steady.new else []
    assert new == [2, 9]


def test_every_sentence_has_its_own_time():
    steady = Steady()
    for stamp, true in ((0.0, {GRASP}), (0.1, {GRASP, TABLE}), (0.2, {GRASP, TABLE})):
        seen = steady.judge(stamp, true)
    assert seen == {GRASP}
    assert steady.judge(0.3, {GRASP, TABLE}) == {GRASP, TABLE}


def test_a_moment_that_is_judged_again_changes_nothing():
    steady = Steady()
    for _ in range(5):
        assert steady.judge(1.0, {GRASP}) == frozenset()


def test_a_clock_that_jumps_back_begins_anew():
    steady = Steady()
    for stamp in (100.0, 100.1, 100.2):
        steady.judge(stamp, {GRASP})
    assert [bool(steady.judge(stamp, {GRASP})) for stamp in (0.0, 0.1, 0.2)] == [False, False, True]


def test_longer_may_be_asked_for_and_nothing_impossible():
    assert first_seen(every(0.1), Steady(1.0)) in (10, 11)
    with pytest.raises(UserError, match="seconds"):
        Steady(-1.0)
