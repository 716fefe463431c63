# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.recording.cdr import NANO
from unified_agent.recording.lerobot.rate import Grid, frame_rate


def stamps(rate: float, jitter: float = 0.0, dropped: float = 0.0, seed: int = 0, count: int = 900) -> np.ndarray:
    """Of a camera; jitter's deviation is in seconds, drops are a share."""
    random = np.random.default_rng(seed)
    times = 1_700_000_000 * NANO + np.arange(count) / rate * NANO + random.normal(0, jitter * NANO, count)
    return times[random.random(count) >= dropped].astype(np.int64)


@pytest.mark.parametrize("rate", [5, 10, 15, 25, 29.97, 30, 59.94, 60])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_rate_stays_what_it_is_with_jitter_and_drops(rate, seed):
    found = frame_rate(stamps(rate, jitter=0.003, dropped=0.1, seed=seed))
    assert found.whole == round(rate)
    assert found.a_second == pytest.approx(rate, rel=0.002)


def test_a_pause_is_no_slow_frame():
    times = stamps(30)
    times[500:] += 3600 * NANO
    assert frame_rate(times).a_second == pytest.approx(30)


def test_a_clock_that_jumps_in_a_short_recording_does_not_bend_the_rate():
    times = np.concatenate([stamps(10, count=6), stamps(10, count=6) - 3_600_050_000_000])
    assert frame_rate(times).a_second == pytest.approx(10)


def test_stamps_out_of_order_and_equal_ones_do_not_matter():
    times = np.random.default_rng(0).permutation(np.repeat(stamps(30), 2))
    assert frame_rate(times).whole == 30


def test_a_rate_that_varies_is_not_steady():
    times = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.2, 300) * NANO).astype(np.int64)
    assert not frame_rate(times).steady
    assert frame_rate(stamps(30, jitter=0.003, dropped=0.1)).steady


def test_one_stamp_has_no_rate():
    assert frame_rate(np.array([5, 5])) is None
    assert frame_rate(np.zeros(0, np.int64)) is None


@pytest.mark.parametrize(("rate", "jitter"), [(29.97, 0.0), (30, 0.003)])
def test_every_frame_of_the_datasets_own_rate_has_a_tick_of_its_own(rate, jitter):
    times = stamps(rate, jitter, count=3000)
    grid = Grid(times, frame_rate(times), round(rate), int(times[0]))
    assert [grid.tick(int(time)) for time in times] == list(range(len(times)))


def test_the_ticks_of_another_rate_are_its_own():
    times = stamps(30)
    grid = Grid(times, frame_rate(times), 10, int(times[0]))
    assert [grid.tick(int(time)) for time in times[:7:3]] == [0, 1, 2]
    assert grid.stamp(1) - grid.stamp(0) == pytest.approx(NANO / 10, abs=300)
