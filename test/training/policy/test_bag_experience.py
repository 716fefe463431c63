# SPDX-License-Identifier: Apache-2.0
"""What a made-up recording (see conftest.py) teaches."""

import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.training.policy.bag_experience import experience_of
from unified_agent.training.policy.decisions import Change
from unified_agent.training.policy.recorded import Names, RecordedBag, Untold

ARM = Arm.load("fr3")
PICK, PLACE = (0.5, 0.1), (0.6, -0.1)
HIGH, LOW, OPEN, HELD, SHUT = 0.2, 0.03, 0.04, 0.0225, 0.0
MISSED = [(PLACE, HIGH, OPEN), (PLACE, LOW, OPEN), (PLACE, LOW, SHUT), (PLACE, HIGH, SHUT), (PICK, HIGH, OPEN)]
CARRY = [(PICK, HIGH, OPEN), (PICK, LOW, OPEN), (PICK, LOW, HELD), (PICK, HIGH, HELD), (PLACE, HIGH, HELD)]


def test_where_the_gripper_closed_and_opened_are_the_decisions(tmp_path, record, eyes):
    [episode] = experience_of(RecordedBag(record(tmp_path / "bag")), ARM, eyes).episodes
    assert np.array(episode.actions) == pytest.approx(np.array([PICK, PLACE]), abs=0.002)
    assert episode.pursued == ["the robot is grasping the red object"] * 2
    assert episode.done
    assert episode.instruction == "tidy up"


def test_the_moments_around_them_show_the_tool_above_and_what_it_holds(tmp_path, record, eyes):
    [episode] = experience_of(RecordedBag(record(tmp_path / "bag")), ARM, eyes).episodes
    assert [state.holding for state in episode.states] == [False, True, False]
    assert [state.tool[2] for state in episode.states] == pytest.approx([HIGH] * 3, abs=0.01)
    # Not where it is going: from that a policy would learn to place wherever the tool is.
    np.testing.assert_allclose([state.tool[:2] for state in episode.states[1:]], [PICK, PLACE], atol=0.01)
    assert [episode.frames_of(moment).mean() > 100 for moment in range(3)] == [False, True, False]
    assert [row[0] > 0.5 for row in episode.scores] == [False, True, False]


def test_an_episode_says_with_which_eyes_and_arm_it_was_seen(tmp_path, record, eyes):
    [episode] = experience_of(RecordedBag(record(tmp_path / "bag")), ARM, eyes).episodes
    assert episode.provenance == eyes.provenance(ARM)


def test_what_is_received_late_is_matched_by_its_stamp(tmp_path, record, eyes):
    [punctual] = experience_of(RecordedBag(record(tmp_path / "punctual")), ARM, eyes).episodes
    [late] = experience_of(RecordedBag(record(tmp_path / "late", late=1.0)), ARM, eyes).episodes
    np.testing.assert_array_equal(late.actions, punctual.actions)
    np.testing.assert_array_equal(late.scores, punctual.scores)
    assert late.frames == punctual.frames


def test_a_grip_that_closed_on_nothing_is_a_decision_too(tmp_path, record, eyes):
    gleaned = experience_of(RecordedBag(record(tmp_path / "bag", steps=MISSED + CARRY)), ARM, eyes)
    assert gleaned.decisions == {Change.MISS: 1, Change.PICK: 1}
    [episode] = gleaned.episodes
    np.testing.assert_allclose(episode.actions, [PLACE, PICK], atol=0.002)


def test_what_is_lost_on_the_way_is_no_place(tmp_path, record, eyes):
    gleaned = experience_of(RecordedBag(record(tmp_path / "bag", steps=[*CARRY, (PLACE, HIGH, SHUT)])), ARM, eyes)
    assert gleaned.decisions == {Change.PICK: 1, Change.LOSS: 1}
    assert [len(episode) for episode in gleaned.episodes] == [1]


def test_an_object_that_is_still_held_at_the_end_was_picked_and_not_placed(tmp_path, record, eyes):
    [episode] = experience_of(RecordedBag(record(tmp_path / "bag", steps=CARRY)), ARM, eyes).episodes
    assert len(episode) == 1
    assert episode.states[-1].holding


def test_a_moment_without_frames_is_told_and_what_lies_around_it_is_left_out(tmp_path, record, eyes):
    gleaned = experience_of(RecordedBag(record(tmp_path / "bag", blind=(0.8, 3.0))), ARM, eyes)
    assert gleaned.episodes == []
    assert "no frames within" in gleaned.notes[0]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"steps": [(PICK, HIGH, OPEN)] * 2}, "nothing was picked in it: the gripper moved from 0.0400 to 0.0400"),
        ({"without": ["/objects"]}, "where the object.s. red, green, blue were .*it tells of: none"),
        ({"without": ["/joint_states"]}, "no /joint_states"),
        ({"rename": lambda name: name.replace("fr3", "panda")}, "joints fr3_joint1.*its joints: panda_joint1"),
    ],
)
def test_a_recording_that_teaches_nothing_says_why(tmp_path, record, eyes, wrong, why):
    with pytest.raises(Untold, match=why):
        experience_of(RecordedBag(record(tmp_path / "bag", **wrong)), ARM, eyes)


def test_joints_of_other_names_can_be_named(tmp_path, record, eyes):
    bag = record(tmp_path / "bag", rename=lambda name: name.replace("fr3", "panda"))
    theirs = {name: name.replace("fr3", "panda") for name in (*ARM.joints, *ARM.gripper_joints)}
    [episode] = experience_of(RecordedBag(bag, Names(joints=theirs)), ARM, eyes).episodes
    assert len(episode) == 2


def test_a_tracker_can_tell_where_the_objects_were(tmp_path, record, eyes):
    bag = RecordedBag(record(tmp_path / "told"))
    blind = RecordedBag(record(tmp_path / "blind", without=["/objects"]))
    [episode] = experience_of(blind, ARM, eyes, whereabouts=lambda recorded: bag.objects()).episodes
    np.testing.assert_allclose(episode.states[0].objects["red"], [*PICK, 0.02])


def test_cameras_that_begin_late_still_show_the_start(tmp_path, record, eyes):
    still = [(PICK, HIGH, OPEN)] * 4
    gleaned = experience_of(RecordedBag(record(tmp_path / "bag", steps=still + CARRY, blind=(0.0, 1.5))), ARM, eyes)
    assert [len(episode) for episode in gleaned.episodes] == [1]


def test_two_runs_in_one_recording_are_refused(tmp_path, record, eyes):
    bag = record(tmp_path / "bag", rewind=20)
    with pytest.raises(Untold, match="go back by 1.9"):
        experience_of(RecordedBag(bag), ARM, eyes)
