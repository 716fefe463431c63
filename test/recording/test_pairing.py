# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.recording.pairing import WAITING, Pairing

FRAME = np.zeros((2, 2, 3), np.uint8)
MS = 1_000_000


def stamps(sets: Pairing, *frames: tuple[str, int]) -> list[int]:
    """Milliseconds of the sets found."""
    return [found.stamp // MS for camera, time in frames for found in sets.put(camera, time * MS, FRAME)]


def test_frames_of_one_stamp_are_a_set_whichever_comes_first():
    sets = Pairing(["left", "right"], 0)
    assert stamps(sets, ("left", 1), ("right", 1), ("right", 2), ("left", 2)) == [1, 2]
    assert sets.alone == 0


def test_stamps_within_the_tolerance_are_a_set():
    assert stamps(Pairing(["left", "right"], 20 * MS), ("left", 100), ("right", 115)) == [115]
    assert stamps(Pairing(["left", "right"], 10 * MS), ("left", 100), ("right", 115)) == []


def test_a_frame_whose_partner_is_missing_is_left_out_and_counted():
    sets = Pairing(["left", "right"], 0)
    assert stamps(sets, ("left", 1), ("left", 2), ("right", 2), ("left", 3), ("right", 3)) == [2, 3]
    assert sets.alone == 1


def test_a_camera_that_never_comes_costs_no_memory():
    sets = Pairing(["left", "right"], 0)
    assert stamps(sets, *(("left", number) for number in range(2 * WAITING))) == []
    assert sets.alone == WAITING


def test_one_camera_is_a_set_by_itself():
    assert stamps(Pairing(["front"], 0), ("front", 1), ("front", 2)) == [1, 2]


def test_no_camera_is_refused():
    with pytest.raises(UserError, match="at least one"):
        Pairing([], 0)
