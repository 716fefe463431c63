# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.nodes.frames import WAITING, NewestFrames

FRAME = np.zeros((2, 2, 3), np.uint8)


@pytest.fixture
def frames():
    return NewestFrames(("left", "right"))


def put_both(frames, stamp):
    frames.put("left", stamp, FRAME)
    frames.put("right", stamp, FRAME)


def test_a_set_is_whole_when_every_camera_has_its_frame(frames):
    frames.put("right", 7, FRAME)
    assert frames.take(timeout=0.0) is None
    frames.put("left", 7, FRAME)
    stamp, taken = frames.take(timeout=0.0)
    assert (stamp, list(taken)) == (7, ["left", "right"])


def test_the_newest_set_wins_and_the_others_are_counted_as_dropped(frames):
    for stamp in range(5):
        put_both(frames, stamp)
    assert frames.take(timeout=0.0)[0] == 4
    assert frames.take(timeout=0.0) is None
    assert frames.dropped == 4


def test_frames_without_a_partner_do_not_pile_up(frames):
    for stamp in range(100):
        frames.put("left", stamp, FRAME)
    frames.put("right", 99 - WAITING, FRAME)
    assert frames.take(timeout=0.0) is None
    frames.put("right", 99, FRAME)
    assert frames.take(timeout=0.0)[0] == 99


def test_closing_wakes_who_waits(frames):
    frames.close()
    assert frames.take(timeout=60.0) is None
