# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.bench import guard
from unified_agent.robot.arm import Arm
from unified_agent.robot.guard import Guard
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.trajectory import JointTrajectory


def test_nothing_hostile_gives_a_set_point_outside_and_nothing_of_ours_is_refused():
    profile = guard.guard_profile(trajectories=3_000, episodes=3, sent=0)
    assert profile["outside"] == profile["benign_refused"] == 0
    assert profile["accepted"] > 300
    assert profile["refused"] > 1_000
    assert profile["motions"] > 10


def test_through_the_topic_nothing_hostile_gives_a_set_point_outside_either():
    pytest.importorskip("rclpy", reason="the nodes need ROS 2")
    profile = guard.guard_profile(trajectories=0, episodes=0, sent=150)
    assert profile["topic_outside"] == 0
    assert profile["topic_accepted"] > 10
    assert profile["topic_accepted"] + profile["topic_refused"] == profile["topic_sent"]


@pytest.mark.parametrize("broken", ["position", "acceleration", "tool"])
def test_what_lies_outside_is_counted(broken):
    arm = Arm.load("fr3")
    kinematics = Kinematics(arm)
    tape = guard._Tape(arm, kinematics)
    unguarded = Guard(arm, kinematics, tape, guard.PERIOD)
    far = arm.home + np.eye(7)[0] * {"position": 2.73, "acceleration": 0.1, "tool": 1.6}[broken]
    way = JointTrajectory(arm.joints, [0.0, 0.05 if broken == "acceleration" else 9.0], [arm.home, far])
    unguarded._arm.follow(way, unguarded._arm.set_points(way), 0.0)
    for tick in range(600):
        unguarded.step(tick * guard.PERIOD)
    tape.judge()
    assert tape.outside > 0
