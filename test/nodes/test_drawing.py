# SPDX-License-Identifier: Apache-2.0
import struct

import numpy as np
import pytest

from unified_agent.nodes.drawing import BACKLOG, _Video
from unified_agent.recording.cdr import stamp_in

MS = 1_000_000


@pytest.fixture
def video(tmp_path):
    return _Video(tmp_path / "x.mp4", ("left",), 10)


def test_a_faster_camera_is_shown_at_the_rate_of_the_video_and_nothing_counts_as_left_out(video):
    assert sum(video.wants(round(n * 1000 / 30) * MS) for n in range(90)) == pytest.approx(30, abs=1)
    assert video.left_out == 0


def test_while_many_wait_frames_are_left_out_evenly_and_counted(video):
    video.taken = 10
    shown = [n for n in range(1000) if video.wants(100 * n * MS)]
    assert set(np.diff(shown)) == {5}
    assert video.left_out == 1000 - len(shown)
    video.done = video.taken
    assert all(video.wants(100 * n * MS) for n in range(1100, 1110))


def test_no_more_than_the_backlog_waits(video):
    video.taken = BACKLOG
    assert not any(video.wants(100 * n * MS) for n in range(200))


def test_a_clock_that_goes_back_does_not_end_the_video(video):
    assert [video.wants(stamp * MS) for stamp in (5000, 5100, 1000, 1100)] == [True] * 4


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_stamp_is_read_from_the_bytes_of_an_image(order):
    data = bytes([0, order == "<", 0, 0]) + struct.pack(f"{order}iI", -3, 250 * MS) + bytes(99)
    assert stamp_in(data) == -2750 * MS
    assert stamp_in(b"") == 0
