# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.recording import pairing
from unified_agent.recording.pairing import WAITING, Pairing

MS = 1_000_000


def times(sets: Pairing, *frames: tuple[str, float]) -> list[tuple[int, ...]]:
    """Milliseconds of the frames of every moment that is found; a frame stands for itself."""
    found = [moment for camera, time in frames for moment in sets.put(camera, round(time * MS), round(time))]
    assert all(moment.stamp // MS in (max(moment.frames), max(moment.frames) - 1) for moment in found)
    return [moment.frames for moment in found]


def in_turn(**cameras) -> list[tuple[str, float]]:
    """The frames of free-running cameras in the order in which they are taken."""
    return sorted(((name, time) for name, stamps in cameras.items() for time in stamps), key=lambda frame: frame[1])


def every(period: float, count: int, start: float = 0.0, jitter: float = 0.0, seed: int = 0) -> np.ndarray:
    return start + period * np.arange(count) + np.random.default_rng(seed).uniform(-jitter, jitter, count)


def test_frames_of_one_stamp_are_a_moment_whichever_comes_first():
    sets = Pairing(["left", "right"], 0)
    assert times(sets, ("left", 1), ("right", 1), ("right", 2), ("left", 2)) == [(1, 1), (2, 2)]
    assert sets.alone == 0


def test_a_moment_is_no_wider_than_the_tolerance():
    frames = in_turn(left=every(100, 5), right=every(100, 5, start=15))
    assert len(times(Pairing(["left", "right"], 20 * MS), *frames)) >= 4
    assert times(Pairing(["left", "right"], 10 * MS), *frames) == []


def test_a_moment_is_complete_with_its_last_frame_once_the_pace_is_known():
    sets = Pairing(["left", "right"], 100 * MS)
    times(sets, *in_turn(left=every(100, 4), right=every(100, 3, start=30)))
    assert times(sets, ("right", 330)) == [(300, 330)]


def test_cameras_of_30_and_15_hz_with_jitter_give_a_moment_for_every_frame_of_the_slower():
    fast, slow = every(1000 / 30, 240, jitter=8, seed=1), every(1000 / 15, 120, start=11, jitter=8, seed=2)
    found = times(Pairing(["fast", "slow"], 100 * MS), *in_turn(fast=fast, slow=slow))
    assert len(found) >= 117
    assert max(abs(fast_one - slow_one) for fast_one, slow_one in found) <= 1000 / 30
    assert len({fast_one for fast_one, _ in found}) == len({slow_one for _, slow_one in found}) == len(found)


def test_cameras_half_a_period_apart_give_a_moment_for_every_frame():
    found = times(Pairing(["left", "right"], 100 * MS), *in_turn(left=every(100, 20), right=every(100, 20, start=50)))
    assert len(found) >= 19


def test_four_cameras_are_paired():
    frames = in_turn(a=every(33, 60), b=every(50, 40, start=7), c=every(100, 20, start=20), d=every(66, 30, start=3))
    found = times(Pairing(["a", "b", "c", "d"], 100 * MS), *frames)
    assert len(found) >= 17
    assert all(max(moment) - min(moment) <= 50 for moment in found)


def test_a_lost_frame_does_not_pair_its_partner_with_another_moment():
    frames = [("left", 0), ("right", 0), ("left", 100), ("right", 100), ("right", 200), ("left", 300), ("right", 300)]
    sets = Pairing(["left", "right"], 100 * MS)
    assert times(sets, *frames) == [(0, 0), (100, 100), (300, 300)]
    assert sets.alone == 1


def test_a_camera_that_never_comes_costs_no_memory_and_gives_no_gap():
    sets = Pairing(["left", "right"], 0)
    assert times(sets, *(("left", number) for number in range(2 * WAITING))) == []
    assert (sets.alone, sets.gap) == (WAITING, None)


def test_cameras_whose_clocks_differ_cost_no_memory_and_tell_the_gap():
    sets = Pairing(["left", "right"], 100 * MS)
    for number in range(300):
        assert times(sets, ("left", 100 * number), ("right", 10**9 + 100 * number)) == []
    assert sets.alone >= 600 - 2 * WAITING
    assert sets.gap == pytest.approx(10**9 * MS, rel=0.01)


def test_the_gap_is_the_nearest_that_frames_came_to_each_other():
    sets = Pairing(["left", "right"], 100 * MS)
    assert times(sets, *in_turn(left=every(1000, 5), right=every(1000, 5, start=300))) == []
    assert sets.gap == 300 * MS


def test_stamps_that_jump_back_begin_anew():
    sets = Pairing(["left", "right"], 100 * MS)
    loop = in_turn(left=every(100, 20), right=every(100, 20, start=30))
    first, again = times(sets, *loop), times(sets, *loop)
    assert len(first) >= 19
    assert len(again) >= 17


def test_what_waits_at_the_end_is_paired():
    sets = Pairing(["left", "right"], 20 * MS)
    assert times(sets, ("left", 100), ("right", 115)) == []
    assert [moment.frames for moment in sets.rest()] == [(100, 115)]
    assert sets.rest() == []


def test_no_frame_is_left_out_without_being_counted():
    random = np.random.default_rng(3)
    for _ in range(50):
        sets, put, found = Pairing(["a", "b", "c"], 50 * MS, waiting=5), 0, 0
        for time in random.integers(-10, 10, 60) * random.choice([1, 30, 10**9], 60):
            found += len(sets.put(str(random.choice(["a", "b", "c"])), int(time) * MS, None))
            put += 1
        found += len(sets.rest())
        assert put == 3 * found + sets.alone


def test_frames_that_wait_take_no_more_than_their_room(monkeypatch):
    monkeypatch.setattr(pairing, "ROOM", 10_000)
    sets = Pairing(["left", "right"], 0)
    for number in range(50):
        sets.put("left", number * MS, np.zeros(1000, np.uint8))
    assert sets.alone == 40


def test_stamps_that_do_not_go_on_are_counted():
    sets = Pairing(["front"], 0)
    assert times(sets, ("front", 2), ("front", 1), ("front", 1)) == [(2,), (1,), (1,)]
    assert sets.jumps == {"front": 2}


def test_one_camera_is_a_moment_by_itself():
    assert times(Pairing(["front"], 0), ("front", 1), ("front", 2)) == [(1,), (2,)]


def test_no_camera_is_refused():
    with pytest.raises(UserError, match="at least one"):
        Pairing([], 0)
