# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.robot.limits import JointLimits
from unified_agent.robot.motions import Move
from unified_agent.robot.runner import MotionRunner
from unified_agent.robot.trajectory import JointTrajectory

PERIOD = 0.02


@pytest.fixture(scope="module")
def arm():
    return Arm.load("fr3")


@pytest.fixture
def moves(arm):
    low = arm.home + 0.2
    return [
        Move("open", JointTrajectory(["finger"], [0.3], [[0.04]]), True, 0.0),
        Move("down", JointTrajectory(arm.joints, [0, 1], [arm.home, low]), False, 1.0, retreat=arm.home),
        Move("close", JointTrajectory(["finger"], [0.3], [[0.0]]), True, 0.4),
        Move("up", JointTrajectory(arm.joints, [0, 1], [low, arm.home]), False, 1.0),
    ]


def run(runner, measured):
    """The moves begun and when, for an arm whose measured joints are ``measured(wanted)``."""
    begun, now, following = [], 5.0, None
    while not runner.done and now < 20.0:
        q = runner._arm.home if following is None else measured(following[0].sample(now - following[1])[0])
        for move in runner.step(now, q):
            begun.append((move.name, round(now - 5.0, 2)))
            if not move.gripper:
                following = (move.trajectory, now)
        now += PERIOD
    return begun


def test_moves_begin_when_the_ones_before_have_ended(arm, moves):
    runner = MotionRunner(arm, moves)
    assert run(runner, lambda wanted: wanted) == [("open", 0.0), ("down", 0.0), ("close", 1.0), ("up", 1.4)]
    assert runner.done
    assert runner.failed is None


def test_an_arm_that_is_blocked_on_the_way_down_retreats_and_says_so(arm, moves):
    runner = MotionRunner(arm, moves)
    stuck = arm.home + 0.1
    begun = run(runner, lambda wanted: np.minimum(wanted, stuck))
    assert [name for name, _ in begun] == ["open", "down", "retreat"]
    assert runner.done
    assert "in the way" in runner.failed


def test_a_late_arm_is_waited_for(arm, moves):
    runner = MotionRunner(arm, moves)
    runner.step(0.0, arm.home)
    low = moves[1].trajectory.positions[-1]
    assert runner.step(1.0, low + 0.009)[0].name == "close"
    runner.step(1.4, low)
    assert runner.move.name == "up"
    assert runner.step(2.5, low) == []
    assert not runner.done
    runner.step(2.6, arm.home)
    assert runner.done
    assert runner.failed is None


def test_an_arm_that_never_arrives_stays_and_says_so(arm, moves):
    runner = MotionRunner(arm, moves)
    low = moves[1].trajectory.positions[-1]
    for now, q in ((0.0, arm.home), (1.0, low), (1.4, low)):
        runner.step(now, q)
    [stay] = runner.step(3.5, low)
    assert stay.name == "stay"
    assert np.allclose(stay.trajectory.positions[[0, -1]], [arm.home, low])
    runner.step(3.5 + stay.seconds, low)
    assert runner.done
    assert "did not get to the end of the way up" in runner.failed


def test_only_a_guarded_move_must_be_watched(arm, moves):
    runner = MotionRunner(arm, moves)
    runner.step(0.0, arm.home)
    assert runner.patience(0.5) == 0.0
    runner.step(1.0, moves[1].trajectory.positions[-1])
    assert runner.patience(1.1) == pytest.approx(0.3)


def test_the_retreat_goes_on_as_the_arm_was_told_brakes_and_goes_back(arm, moves):
    runner = MotionRunner(arm, moves)
    runner.step(0.0, arm.home)
    runner.step(0.3, moves[1].trajectory.sample(0.3)[0])
    q, velocity = moves[1].trajectory.sample(0.5)
    (retreat,) = runner.step(0.5, q - 0.05)
    np.testing.assert_allclose(retreat.trajectory.positions[[0, -1]], [q, arm.home], atol=1e-9)
    np.testing.assert_allclose(retreat.trajectory.velocities[0], velocity)
    JointLimits.of_arm(arm).check(retreat.trajectory, q)


@pytest.mark.parametrize("late", [0.1, 0.3, 0.6])
def test_a_guarded_move_that_reached_the_arm_late_is_not_taken_for_a_blocked_one(arm, moves, late):
    runner, now, down = MotionRunner(arm, [moves[1]]), 0.0, moves[1].trajectory
    while not runner.done and now < 4.0:
        runner.step(now, down.sample(max(0.0, now - late))[0])
        now += PERIOD
    assert runner.failed is None
    assert now == pytest.approx(1.0 + late, abs=0.1)


def test_an_arm_that_stays_where_a_guarded_move_began_is_blocked(arm, moves):
    runner, now = MotionRunner(arm, [moves[1]]), 0.0
    while not runner.failed and now < 4.0:
        runner.step(now, arm.home)
        now += PERIOD
    assert "in the way" in runner.failed
    assert now < arm.pace.overdue + 0.1


def test_a_grip_waits_for_the_one_before_and_a_way_down_where_it_says_so(arm, moves):
    slow = Move("open", JointTrajectory(["finger"], [0.6], [[0.04]]), True, 0.0, waits=True)
    close = replace(moves[2], waits=True)
    runner = MotionRunner(arm, [slow, close])
    assert [move.name for move in runner.step(0.0, arm.home)] == ["open"]
    assert runner.step(0.5, arm.home) == []
    assert runner.step(0.6, arm.home) == [close]
    runner = MotionRunner(arm, [slow, replace(moves[1], waits=True)])
    runner.step(0.0, arm.home)
    assert runner.step(0.4, arm.home) == []
    assert [move.name for move in runner.step(0.6, arm.home)] == ["down"]
    assert not runner.failed


def test_a_move_that_was_refused_ends_the_motion(arm, moves):
    runner = MotionRunner(arm, moves)
    runner.step(0.0, arm.home)
    runner.give_up("refused")
    assert runner.done
    assert runner.failed == "refused"


def test_a_move_that_is_not_guarded_may_lag(arm, moves):
    runner = MotionRunner(arm, moves[3:])
    end = moves[3].trajectory.positions[-1]
    assert run(runner, lambda wanted: wanted if np.allclose(wanted, end) else wanted - 0.1) == [("up", 0.0)]
    assert runner.failed is None
