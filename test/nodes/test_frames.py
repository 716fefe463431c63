# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.nodes.frames import WAITING, NewestFrames

MS = 1_000_000


@pytest.fixture
def frames():
    return NewestFrames(("left", "right"), tolerance=0.1)


def put_both(frames, stamp):
    frames.put("left", stamp, "l")
    frames.put("right", stamp, "r")


def test_a_moment_is_whole_when_every_camera_has_its_image(frames):
    frames.put("right", 7, "r")
    assert frames.take(timeout=0.0) is None
    frames.put("left", 7, "l")
    stamp, taken = frames.take(timeout=0.0)
    assert (stamp, list(taken.items())) == (7, [("left", "l"), ("right", "r")])


def test_the_newest_moment_wins_and_the_others_are_counted_as_dropped(frames):
    for stamp in range(5):
        put_both(frames, stamp)
    assert frames.take(timeout=0.0)[0] == 4
    assert frames.take(timeout=0.0) is None
    assert frames.dropped == 4


def test_images_without_a_partner_do_not_pile_up(frames):
    for number in range(100):
        frames.put("left", number * 1000 * MS, "l")
    assert frames.alone == 100 - WAITING
    frames.put("right", 99_000 * MS, "r")
    assert frames.take(timeout=0.0)[0] == 99_000 * MS


def test_the_gap_is_told_in_seconds(frames):
    assert frames.gap is None
    frames.put("left", 0, "l")
    frames.put("right", 400 * MS, "r")
    assert frames.gap == 0.4


def test_closing_wakes_who_waits(frames):
    frames.close()
    assert frames.take(timeout=60.0) is None
