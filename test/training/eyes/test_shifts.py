# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.robot.arm import Arm
from unified_agent.robot.physics import mujoco
from unified_agent.sim.world import World
from unified_agent.training.eyes.shifts import PICTURES, SCENES


@pytest.fixture(scope="module")
def world():
    world = World(Arm.load("default"))
    world.reset(0)
    yield world
    world.close()


def seen(world: World) -> np.ndarray:
    mujoco.mj_camlight(world.model, world.data)
    return world.render("left").astype(float)


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_shifted_while_it_is_looked_at_and_not_after(world, name):
    before = seen(world)
    with SCENES[name](world.model, rng=np.random.default_rng(0)):
        during = seen(world)
    assert np.abs(during - before).mean() > 3
    np.testing.assert_array_equal(seen(world), before)


def test_cameras_move_as_far_as_is_said(world):
    places = world.model.cam_pos.copy()
    with SCENES["cameras moved 40 mm"](world.model, rng=np.random.default_rng(0)):
        moves = world.model.cam_pos - places
    assert np.linalg.norm(moves, axis=1) == pytest.approx(0.04)


def test_less_light_is_a_darker_picture(world):
    before = seen(world).mean()
    with SCENES["lights x 0.4"](world.model, rng=np.random.default_rng(0)):
        assert seen(world).mean() < 0.75 * before


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_changed_each_time_in_the_same_way(world, name):
    frames = np.stack([world.render("left"), world.render("right")])
    changed = PICTURES[name](frames)
    assert changed.shape == frames.shape
    assert 0.3 < np.abs(changed.astype(float) - frames).mean() < 60
    np.testing.assert_array_equal(changed, PICTURES[name](frames))
