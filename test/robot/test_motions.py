# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics, Unreachable
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.motions import Motions
from unified_agent.state import State

SIZE = 0.045


@pytest.fixture(scope="module")
def arm():
    return Arm.load("fr3")


@pytest.fixture(scope="module")
def motions(arm):
    return Motions(arm, Kinematics(arm), SIZE)


def state(holding=False, tool=(0.55, 0.0, 0.22), **objects):
    return State({name: np.array(position) for name, position in objects.items()}, np.array(tool), holding)


def lowest(arm, moves):
    """Where the tool is at the end of the way down."""
    down = next(move for move in moves if move.name == "down")
    return Kinematics(arm).forward(down.trajectory.positions[-1])[0]


def test_a_pick_opens_goes_above_down_closes_and_goes_up(motions, arm):
    moves = motions.act([0.5, 0.1], state(red=(0.5, 0.1, SIZE / 2)), arm.home)
    assert [move.name for move in moves] == ["open", "above", "down", "close", "up"]


def test_what_is_held_is_placed(motions, arm):
    moves = motions.act([0.5, 0.1], state(True, red=(0.55, 0.0, 0.22)), arm.home)
    assert [move.name for move in moves] == ["above", "down", "open", "up"]


def test_a_low_tool_is_raised_before_it_travels(motions, arm):
    low = Kinematics(arm).inverse([0.5, 0.0, 0.05])
    moves = motions.pick([0.6, 0.1], state(tool=(0.5, 0.0, 0.05)), low)
    assert [move.name for move in moves][:3] == ["open", "clear", "above"]


@pytest.mark.parametrize(("height", "expected"), [(None, SIZE / 2), (SIZE / 2, SIZE / 2), (1.5 * SIZE, 1.5 * SIZE)])
def test_a_pick_goes_down_to_the_top_object_there(motions, arm, height, expected):
    objects = {} if height is None else {"red": (0.5, 0.1, height), "blue": (0.5, 0.1, SIZE / 2)}
    moves = motions.pick([0.5, 0.1], state(**objects), arm.home)
    np.testing.assert_allclose(lowest(arm, moves), [0.5, 0.1, expected], atol=1e-3)


@pytest.mark.parametrize("below", [0, 1, 2])
def test_a_place_stops_just_above_what_is_there(motions, arm, below):
    stack = {name: (0.5, 0.1, (level + 0.5) * SIZE) for level, name in enumerate(["blue", "green"][:below])}
    moves = motions.place([0.5, 0.1], state(True, red=(0.55, 0.0, 0.212), **stack), arm.home)
    gap = lowest(arm, moves)[2] - 0.008 - SIZE / 2 - below * SIZE
    assert 0.002 < gap < 0.006


def test_every_move_stays_inside_the_limits_and_begins_where_the_last_ended(motions, arm):
    moves = motions.pick([0.45, -0.14], state(red=(0.45, -0.14, SIZE / 2)), arm.home)
    at, limits = arm.home, JointLimits.of_arm(arm)
    for move in moves:
        if not move.gripper:
            limits.check_points(move.trajectory, at)
            limits.check(move.trajectory, at)
            np.testing.assert_allclose(move.trajectory.positions[0], at, atol=1e-9)
            at = move.trajectory.positions[-1]


@pytest.mark.parametrize("target", [(np.nan, 0.0), (0.5, np.inf), (2.0, 0.0), (0.5,), (0.5, 0.0, 0.1)])
def test_an_unreachable_target_is_refused_before_anything_moves(motions, arm, target):
    with pytest.raises(Unreachable):
        motions.pick(target, state(), arm.home)


def test_a_state_that_is_not_finite_is_refused(motions, arm):
    with pytest.raises(Unreachable, match="not finite"):
        motions.place([0.5, 0.0], state(True, red=(0.5, np.nan, 0.2)), arm.home)


def test_the_speed_scale_slows_every_move_down(motions, arm):
    slow = Motions(arm, Kinematics(arm), SIZE, speed_scale=0.5)
    there = state(red=(0.5, 0.1, SIZE / 2))
    for fast, half in zip(
        motions.pick([0.5, 0.1], there, arm.home), slow.pick([0.5, 0.1], there, arm.home), strict=True
    ):
        assert half.trajectory.duration == pytest.approx(2 * fast.trajectory.duration, rel=0.05)


def test_no_joint_moves_faster_than_it_can_be_braked_in_the_stop_time(motions, arm):
    for move in motions.pick([0.66, -0.14], state(red=(0.66, -0.14, SIZE / 2)), arm.home):
        if not move.gripper:
            assert np.all(np.abs(move.trajectory.velocities) <= 1.001 * arm.pace.stop_time * arm.max_acceleration)


@pytest.mark.parametrize(("gripper", "waits"), [(0.04, False), (0.0, True), (0.02, True), (None, True)])
def test_the_way_down_waits_for_fingers_that_are_not_known_to_be_open(motions, arm, gripper, waits):
    moves = motions.pick([0.5, 0.1], state(red=(0.5, 0.1, SIZE / 2)), arm.home, gripper)
    assert [move.waits for move in moves if move.name == "down"] == [waits]
