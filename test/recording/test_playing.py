# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.recording.cdr import NANO
from unified_agent.recording.playing import LONGEST, PlayingTime


def played(*moments: tuple[float, float]) -> list[float]:
    time = PlayingTime()
    return [round(time.at(round(stamp * NANO), round(received * NANO)), 3) for stamp, received in moments]


def test_moments_are_shown_by_their_stamps_also_where_they_were_received_late():
    assert played((1.0, 1.0), (1.1, 4.9), (1.2, 4.9), (3.2, 5.0)) == [0.0, 0.1, 0.2, 2.2]


@pytest.mark.parametrize("stamp", [-1e9, 0.5, 1.1, 1e9])
def test_where_stamps_jump_the_recordings_own_time_counts(stamp):
    assert played((1.0, 5.0), (1.1, 5.1), (stamp, 5.3), (stamp + 0.1, 5.4)) == [0.0, 0.1, 0.3, 0.4]


def test_a_long_pause_is_cut_and_counted():
    time = PlayingTime()
    time.at(NANO, NANO)
    assert time.at(1001 * NANO, 1001 * NANO) == LONGEST
    assert time.shortened == 1000 - LONGEST
