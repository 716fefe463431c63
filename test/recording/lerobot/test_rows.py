# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.recording.cdr import NANO
from unified_agent.recording.lerobot.rows import RecordedRows
from unified_agent.recording.lerobot.sources import SignalTopics
from unified_agent.recording.reader import BagReader

from .conftest import (
    CAMERAS,
    GRASP,
    JOINT_STATE,
    STRING,
    TYPES,
    at_once,
    encode,
    foreign,
    joint_state,
    record,
    states,
    ticks,
    trajectory,
)

TOPICS = tuple(f"/camera/{camera}/image_raw" for camera in CAMERAS)
CAM = ("/cam/image_raw",)
TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"


def recorded(bag, cameras=CAM, states=(), actions=(), without=False, **settings) -> RecordedRows:
    reader = BagReader(bag)
    return RecordedRows(reader, cameras, SignalTopics.of(reader, states, actions, without), **settings)


def test_a_moment_has_the_frames_and_the_state_of_the_same_time(bag):
    found = list(recorded(bag, TOPICS).rows(10))
    assert [row.joints["elbow"] for row in found] == pytest.approx(np.arange(6) / 10)
    assert [row.frames[1][0, 0, 0] for row in found] == [100, 120, 140, 160, 180, 200]
    assert found[3].objects["red"] == pytest.approx([0.03, 0.25, 0.5])
    assert [row.subgoal for row in found] == ["", "", GRASP, GRASP, GRASP, GRASP]


@pytest.mark.parametrize("late", [0.0, 1.0, 3.8, 20.0])
def test_a_state_is_that_of_the_frames_stamp_however_late_it_came(tmp_path, late):
    found = recorded(foreign(tmp_path / "bag", at_once(ticks(12)), states(ticks(12), late)))
    assert [row.joints["elbow"] for row in found.rows(10)] == pytest.approx(ticks(12), abs=1e-4)
    assert bool(found.told) == bool(late)


def test_frames_that_came_late_have_the_state_of_their_stamp_too(tmp_path):
    frames = [(stamp, stamp + 2) for stamp in ticks(12)]
    found = recorded(foreign(tmp_path / "bag", frames, states(ticks(40))))
    assert [row.joints["elbow"] for row in found.rows(10)] == pytest.approx(ticks(12), abs=1e-4)


def test_states_are_taken_between_samples_and_in_any_order(tmp_path):
    samples = states(ticks(300, rate=100))
    shuffled = [samples[index] for index in np.random.default_rng(0).permutation(300)]
    late = [(topic, kind, 110 + number / 1000, data) for number, (topic, kind, _, data) in enumerate(shuffled)]
    found = recorded(foreign(tmp_path / "bag", [(s + 0.0042, s + 10) for s in ticks(12)], late))
    assert [row.joints["elbow"] for row in found.rows(10)] == pytest.approx(np.array(ticks(12)) + 0.0042, abs=1e-4)


def test_states_without_a_stamp_count_when_they_came_and_it_is_told(tmp_path):
    bare = [("/joint_states", JOINT_STATE, time, joint_state(None, ["elbow"], [time])) for time in ticks(12)]
    found = recorded(foreign(tmp_path / "bag", at_once(ticks(12)), bare))
    assert [row.joints["elbow"] for row in found.rows(10)] == pytest.approx(ticks(12), abs=1e-4)
    assert "without a stamp" in found.told[0]
    assert "12 times" in found.told[0]


@pytest.mark.parametrize("hours", [-2, 1, 100])
def test_states_stamped_by_another_clock_count_when_they_came_and_it_is_told(tmp_path, hours):
    found = recorded(foreign(tmp_path / "bag", at_once(ticks(12)), states(ticks(12), shift=3600 * hours)))
    if hours < 0:  # there is no time before zero in a stamp
        found = recorded(foreign(tmp_path / "b", at_once(ticks(12, 10, 9e4)), states(ticks(12, 10, 9e4), shift=-7200)))
    expected = ticks(12, start=9e4 if hours < 0 else 100.0)
    assert [row.joints["elbow"] for row in found.rows(10)] == pytest.approx(expected, abs=1e-2)
    assert f"another clock ({3600 * hours:+.1f} s" in found.told[0]


def test_a_sub_goal_stands_from_its_time_also_where_the_cameras_have_another_clock(tmp_path):
    said = [("/subgoal", STRING, 1000.35, encode(TYPES[STRING](data=GRASP)))]
    frames = [(5 + number / 10, 1000 + number / 10) for number in range(10)]
    found = recorded(foreign(tmp_path / "bag", frames, said), without=True)
    assert [row.subgoal for row in found.rows(10)] == [""] * 4 + [GRASP] * 6
    assert "the cameras' stamps are +995.0 s" in found.told[0]


def test_all_joints_of_all_publishers_are_there(tmp_path):
    both = states(ticks(12), names=("arm_1", "arm_2")) + states(ticks(12), names=("grip_1", "grip_2"))
    found = recorded(foreign(tmp_path / "bag", at_once(ticks(12)), both))
    assert found.joints == ("arm_1", "arm_2", "grip_1", "grip_2")
    assert all(len(row.joints) == 4 for row in found.rows(10))


def test_equal_names_of_two_arms_begin_with_their_topics(tmp_path):
    arms = states(ticks(5), topic="/left/joints") + states(ticks(5), topic="/right/joints")
    found = recorded(foreign(tmp_path / "bag", at_once(ticks(5)), arms), states=["/left/joints", "/right/joints"])
    assert found.joints == ("left/joints/elbow", "right/joints/elbow")


def test_a_frame_far_from_any_state_is_left_out_and_counted(tmp_path):
    some = [time for time in ticks(30) if not 101 < time < 102.5]
    found = recorded(foreign(tmp_path / "bag", at_once(ticks(30)), states(some)), max_age=0.5)
    rows = list(found.rows(10))
    assert len(rows) + 4 == 30
    assert found.told == ["frames left out without a joint state within 0.5 s (--max-age) (4 times)"]


def test_what_the_leader_did_is_the_action(tmp_path):
    ahead = [("/leader", JOINT_STATE, time, joint_state(time, ["elbow"], [time + 0.5])) for time in ticks(12)]
    bag = foreign(tmp_path / "bag", at_once(ticks(12)), states(ticks(12), topic="/follower") + ahead)
    rows = list(recorded(bag, states=["/follower"], actions=["/leader"]).rows(10))
    assert [row.action["elbow"] for row in rows] == pytest.approx(np.array(ticks(12)) + 0.5, abs=1e-4)
    assert [row.joints["elbow"] for row in rows] == pytest.approx(ticks(12), abs=1e-4)


def test_a_trajectory_is_the_action_of_the_next_row_and_frames_before_it_are_left_out(tmp_path):
    told = [("/arm", TRAJECTORY, 100.25, trajectory(None, ["elbow"], [(0.0, [0.0]), (1.0, [1.0])]))]
    bag = foreign(tmp_path / "bag", at_once(ticks(8)), states(ticks(8)) + told)
    found = recorded(bag, actions=["/arm"])
    assert [row.action["elbow"] for row in found.rows(10)] == pytest.approx([0.15, 0.25, 0.35, 0.45, 0.55], abs=1e-3)
    assert any("without an action" in line and "3 times" in line for line in found.told)


def test_frames_whose_stamps_jump_back_are_dropped_and_counted(tmp_path):
    frames = [(time - (3600 if number >= 6 else 0), time) for number, time in enumerate(ticks(12, start=9e4))]
    found = recorded(foreign(tmp_path / "bag", frames), without=True)
    assert len(list(found.rows(10))) == 6
    assert found.told == ["frames dropped whose stamps do not go forward (6 times)"]


def test_a_frame_that_the_camera_left_out_is_repeated_with_the_state_of_its_time(tmp_path):
    found = recorded(foreign(tmp_path / "bag", at_once([100, 100.1, 100.4, 100.5]), states(ticks(6))))
    rows = list(found.rows(10))
    assert [row.frames[0][0, 0, 0] for row in rows] == [0, 5, 5, 5, 10, 15]
    assert [row.repeated for row in rows] == [False, False, True, True, False, False]
    assert [row.joints["elbow"] for row in rows] == pytest.approx(ticks(6), abs=1e-4)
    assert any("repeated" in line and "2 times" in line for line in found.told)


def test_a_long_pause_is_cut_and_told(tmp_path):
    found = recorded(foreign(tmp_path / "bag", at_once([*ticks(5), *ticks(5, start=200)])), without=True)
    assert len(list(found.rows(10))) == 10
    assert "pauses" in found.told[0]


def test_jitter_and_drops_cost_and_repeat_no_frame_but_the_dropped(tmp_path):
    random = np.random.default_rng(3)
    times = np.array(ticks(120, rate=30)) + random.normal(0, 0.003, 120)
    times = np.delete(times, [20, 50, 51, 90])
    found = recorded(foreign(tmp_path / "bag", at_once(times)), without=True)
    assert found.own_rate.whole == 30
    rows = list(found.rows(30))
    assert (len(rows), sum(row.repeated for row in rows)) == (120, 4)


def test_faster_frames_than_the_rate_are_left_out_and_counted(bag):
    found = recorded(bag, TOPICS)
    assert len(list(found.rows(5))) == 3
    assert any("more than 5 a second" in line and "3 times" in line for line in found.told)


def test_an_odd_side_loses_its_last_line(tmp_path, monkeypatch):
    found = recorded(record(tmp_path / "bag"), TOPICS)
    frames = found._even((np.zeros((33, 47, 3), np.uint8), np.zeros((32, 48, 3), np.uint8)))
    assert [frame.shape for frame in frames] == [(32, 46, 3), (32, 48, 3)]
    assert "odd" in found.told[0]


def test_times_that_no_clock_has_are_no_traceback(tmp_path):
    bag = foreign(tmp_path / "bag", [(2**31 - 1, 2**33), (-(2**31), 2**33 + 1), (None, 2**33 + 2)], states([1.0]))
    assert isinstance(list(recorded(bag).rows(10)), list)
    assert NANO
