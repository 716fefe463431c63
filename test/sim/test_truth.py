# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.language.subgoals import VOCABULARY, Relation, SubGoal
from unified_agent.robot.kinematics import Kinematics

RED_ON_BLUE = SubGoal(Relation.ON_TOP_OF, "red", "blue")
RED_GRASPED = SubGoal(Relation.GRASPING, "red")
RED_ON_TABLE = SubGoal(Relation.ON_TABLE, "red")
HALF = 0.0225


def stack(world, gap=0.0, offset=0.0, quaternion=(1, 0, 0, 0)):
    """Red above blue, settled where they touch."""
    world.place_object("blue", (0.5, 0.0, HALF))
    world.place_object("red", (0.5 + offset, 0.0, 3 * HALF + gap), quaternion)
    if gap == 0:
        world.step(250)


def grasp(world, height):
    """The fingers around red, closed, then raised to a height of red's centre."""
    for name, y in (("blue", 0.12), ("green", -0.12)):
        world.place_object(name, (0.6, y, HALF))
    world.place_object("red", (0.5, 0.0, height))
    world.set_joints(Kinematics(world.arm).inverse([0.5, 0.0, height]), 0.0220)
    world.step(25)


def test_at_the_start_every_object_is_on_the_table_and_nothing_else_is_true(world):
    world.step(50)
    for subgoal in VOCABULARY:
        assert world.holds(subgoal) is (subgoal.relation is Relation.ON_TABLE)


def test_a_stack_is_on_top_and_no_longer_on_the_table(world):
    stack(world)
    assert world.holds(RED_ON_BLUE) is True
    assert world.holds(RED_ON_TABLE) is False
    assert world.holds(SubGoal(Relation.ON_TOP_OF, "blue", "red")) is False


def test_beside_is_not_on_top(world):
    world.place_object("blue", (0.5, 0.0, HALF))
    world.place_object("red", (0.546, 0.0, HALF))
    world.step(50)
    assert world.holds(RED_ON_BLUE) is False
    assert world.holds(RED_ON_TABLE) is True


@pytest.mark.parametrize(("gap", "expected"), [(0.004, None), (0.02, False)])
def test_above_is_not_on_top_and_a_hair_above_is_in_between(world, gap, expected):
    stack(world, gap)
    assert world.holds(RED_ON_BLUE) is expected


def test_leaning_is_neither_on_top_nor_on_the_table(world):
    tilt = np.radians(40) / 2
    world.place_object("blue", (0.5, 0.0, HALF))
    world.place_object("red", (0.545, 0.0, 0.035), (np.cos(tilt), 0, np.sin(tilt), 0))
    assert world.holds(RED_ON_BLUE) is False
    assert world.holds(RED_ON_TABLE) is False


def test_an_object_that_is_dropped_is_in_between_until_it_rests(world):
    stack(world, gap=0.005)
    answers = []
    for _ in range(250):
        answers.append(world.holds(RED_ON_BLUE))
        world.step(1)
    assert answers[0] is None
    assert answers[-1] is True
    assert False not in answers


def test_a_lifted_object_between_both_fingers_is_grasped(world):
    grasp(world, height=0.15)
    assert world.holds(RED_GRASPED) is True
    assert world.state().holding
    assert world.holds(SubGoal(Relation.GRASPING, "blue")) is False


def test_touched_but_not_lifted_is_in_between(world):
    grasp(world, height=HALF)
    assert world.holds(RED_GRASPED) is None
    assert world.holds(RED_ON_TABLE) is None


def test_an_open_gripper_around_an_object_grasps_nothing(world):
    world.place_object("red", (0.5, 0.0, HALF))
    world.set_joints(Kinematics(world.arm).inverse([0.5, 0.0, HALF]), world.arm.gripper_open)
    world.step(25)
    assert world.holds(RED_GRASPED) is False
    assert not world.state().holding


def test_held_on_top_of_another_is_in_between(world):
    world.place_object("blue", (0.5, 0.0, HALF))
    world.place_object("red", (0.5, 0.0, 3 * HALF))
    world.set_joints(Kinematics(world.arm).inverse([0.5, 0.0, 3 * HALF]), 0.0220)
    world.step(25)
    assert world.holds(RED_ON_BLUE) is None
    assert world.holds(RED_GRASPED) is None
