# SPDX-License-Identifier: Apache-2.0
from unified_agent.recording.cdr import NANO
from unified_agent.training.relabelling.stretches import Instant, Stretches


def followed(values, stamps=None, pictures=10):
    """The finds of one sentence with threshold 0, a moment each 0.1 s; pictures are named after the moment."""
    stretches = Stretches(["it"], [0.0], 0.2, pictures)
    for number, value in enumerate(values):
        stamp = round((number / 10 if stamps is None else stamps[number]) * NANO)
        over = [0] if value > 0 else []
        stretches.judge(Instant(number * NANO // 10, stamp), over, [value], lambda number=number: b"%d" % number)
    stretches.end()
    return list(stretches.finds(start=0))


def test_a_find_begins_with_the_first_moment_over_the_threshold_and_ends_with_the_last():
    [(find, picture)] = followed([-1, 0.1, 0.3, 0.2, 0.1, -1])
    assert (find.begin, find.reached, find.end, find.moments) == (0.1, 0.3, 0.4, 4)
    assert (find.peak, find.peak_at, find.peak_stamp) == (0.3, 0.2, NANO // 5)
    assert picture == b"2"


def test_what_was_not_true_for_long_enough_is_no_find():
    assert followed([0.5, 0.5, -1, 0.5, 0.5, -1]) == []


def test_what_is_true_at_the_end_is_found():
    assert [find.end for find, _ in followed([0.5] * 5)] == [0.4]


def test_each_time_it_comes_true_is_a_find():
    assert [find.begin for find, _ in followed([0.5, 0.5, 0.5, -1, 0.5, 0.5, 0.5])] == [0.0, 0.4]


def test_stamps_that_jump_back_end_a_find():
    finds = followed([0.5] * 6, stamps=[5.0, 5.1, 5.2, 1.0, 1.1, 1.2])
    assert [(find.begin_stamp, find.end_stamp) for find, _ in finds] == [
        (5 * NANO, 52 * NANO // 10),
        (NANO, 12 * NANO // 10),
    ]


def test_of_many_finds_those_with_the_highest_peaks_keep_their_pictures():
    values = [value for peak in (0.1, 0.9, 0.5, 0.7) for value in (peak, peak, peak, -1)]
    kept = [find.peak for find, picture in followed(values, pictures=2) if picture is not None]
    assert kept == [0.9, 0.7]


def test_moments_of_scenes_that_the_model_does_not_know_are_counted():
    stretches = Stretches(["it"], [0.0], 0.2, 0)
    for number in range(4):
        at = Instant(number * NANO // 10, number * NANO // 10)
        stretches.judge(at, [0], [0.5], bytes, familiar=number != 2)
    stretches.end()
    assert [find.unfamiliar for find, _ in stretches.finds(start=0)] == [1]


def test_no_picture_is_made_where_none_is_wanted():
    assert followed([0.5] * 4, pictures=0)[0][1] is None
