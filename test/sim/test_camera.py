# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.sim.camera import CameraError
from unified_agent.sim.world import World

HUES = {"red": 0, "green": 1, "blue": 2}


@pytest.mark.parametrize("size", [(0, 128), (128, 0), (-1, 10), (5000, 5000)])
def test_an_impossible_size_is_refused(arm, size):
    with pytest.raises(CameraError, match="cannot be had"):
        World(arm, camera_size=size)


def test_an_unknown_camera_is_an_error_that_names_the_nearest(world):
    with pytest.raises(CameraError, match="Did you mean 'left'"):
        world.render("lefft")


@pytest.mark.parametrize("size", [(128, 128), (96, 160), (480, 640)])
def test_pictures_have_the_size_that_was_asked_for(world, size):
    picture = world.render("right", size)
    assert picture.shape == (*size, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("camera", World.cameras)
@pytest.mark.parametrize("name", HUES)
def test_a_box_is_seen_where_the_calibration_says(world, camera, name):
    info = world.camera_info(camera, (240, 320))
    point = info.rotation.T @ (world.object_pose(name)[0] - info.position)
    column, row, _ = info.matrix @ point / point[2]
    colour = world.render(camera, (240, 320))[round(row), round(column)].astype(int)
    assert np.argmax(colour) == HUES[name]
    assert np.sort(colour)[2] > 1.5 * np.sort(colour)[1]


def test_the_left_camera_stands_to_the_robots_left(world):
    assert world.camera_info("left").position[1] > 0 > world.camera_info("right").position[1]
