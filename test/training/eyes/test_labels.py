# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.language.subgoals import VOCABULARY, SubGoal
from unified_agent.robot.arm import Arm
from unified_agent.sim.world import World
from unified_agent.training.eyes.labels import Labeller

HALF = 0.0225


@pytest.fixture(scope="module")
def world():
    return World(Arm.load("fr3"))


@pytest.fixture(autouse=True)
def apart(world):
    """Three boxes on the table, far from each other, the arm at home."""
    world.reset(0)
    for name, y in (("red", -0.12), ("green", 0.0), ("blue", 0.12)):
        world.place_object(name, (0.62, y, HALF))
    world.step(25)


def label(world, sentence: str) -> int:
    return int(Labeller(world).labels()[0][VOCABULARY.index(SubGoal.parse(sentence))])


def test_what_is_in_plain_sight_has_mujocos_truth(world):
    assert label(world, "the red object is on the table") == 1
    assert label(world, "the red object is on top of the blue object") == 0
    assert label(world, "the robot is grasping the red object") == 0


@pytest.mark.parametrize(("degrees", "expected"), [(2, {1, -1}), (12, {-1}), (40, {0})])
def test_a_slight_lean_is_neither_lying_nor_leaning(world, degrees, expected):
    half = np.radians(degrees) / 2
    world.place_object("red", (0.62, -0.12, HALF), (np.cos(half), np.sin(half), 0, 0))
    assert label(world, "the red object is on the table") in expected


def test_a_box_out_of_the_picture_has_no_truth(world):
    world.place_object("red", (-0.5, 0.0, HALF))
    assert label(world, "the red object is on the table") == -1
    assert label(world, "the red object is on top of the blue object") == -1
    assert label(world, "the blue object is on the table") == 1


def test_a_box_behind_another_is_still_seen_by_the_other_camera(world):
    world.place_object("green", (0.645, 0.145, HALF))
    world.place_object("blue", (0.60, 0.095, HALF))
    world.step(5)
    assert label(world, "the blue object is on the table") == 1


@pytest.mark.parametrize(("opening", "expected"), [(0.04, 0), (0.0235, -1)])
def test_fingers_a_hair_from_a_box_may_hold_it(world, opening, expected):
    world.set_joints(world.arm.home, opening)
    world.place_object("green", world.state().tool)
    assert label(world, "the robot is grasping the green object") == expected
