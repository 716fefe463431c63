# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.recording.cdr import NANO
from unified_agent.recording.lerobot.clock import CameraClock

TIMES = 1_700_000_000 * NANO + np.arange(50) * NANO // 10


def test_a_recording_that_came_late_is_on_the_clock_of_its_stamps():
    clock = CameraClock(TIMES + 3 * NANO, TIMES)
    assert not clock.apart
    assert (clock.of(TIMES) == TIMES).all()


def test_times_of_the_recording_are_those_of_the_frames_that_came_then():
    """Simulated time, at half the speed."""
    stamps = (TIMES - TIMES[0]) // 2 + NANO
    clock = CameraClock(TIMES, stamps)
    assert clock.apart
    assert clock.of(TIMES[10:12] + 100).tolist() == pytest.approx((stamps[10:12] + 50).tolist(), abs=2)


def test_a_message_without_a_stamp_counts_when_it_came():
    found = CameraClock(TIMES, TIMES).times(TIMES, np.where(np.arange(50) < 5, 0, TIMES))
    assert (found.times == TIMES).all()
    assert (found.unstamped, found.foreign) == (5, 0)


def test_one_stamp_for_all_is_none():
    found = CameraClock(TIMES, TIMES).times(TIMES, np.full(50, TIMES[0]))
    assert (found.times == TIMES).all()
    assert found.unstamped == 50


@pytest.mark.parametrize("hours", [-7, 1, 400_000])
def test_a_message_of_another_clock_counts_when_it_came(hours):
    found = CameraClock(TIMES, TIMES).times(TIMES, TIMES + hours * 3600 * NANO)
    assert (found.times == TIMES).all()
    assert found.foreign == 50
    assert found.apart == pytest.approx(-hours * 3600)


def test_a_late_message_counts_when_it_was_stamped():
    found = CameraClock(TIMES, TIMES).times(TIMES + 2 * NANO, TIMES)
    assert (found.times == TIMES).all()
    assert found.latest == pytest.approx(2)


def test_one_broken_stamp_does_not_make_another_clock():
    stamps = TIMES.copy()
    stamps[0] = 2**61
    assert not CameraClock(TIMES, stamps).apart
