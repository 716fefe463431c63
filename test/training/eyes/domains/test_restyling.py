# SPDX-License-Identifier: Apache-2.0
import numpy as np

from unified_agent.training.eyes.domains.restyling import backdrop, camera, lit, moved, recoloured, restyled, visible

PALETTE = ((255, 255, 255), (0, 0, 0), (200, 150, 100))


def drawing() -> np.ndarray:
    """A black square with a soft left edge and a brown one, on white."""
    picture = np.full((40, 60, 3), 255, np.uint8)
    picture[10:20, 10:20], picture[10:20, 9] = 0, 128
    picture[25:35, 30:40] = PALETTE[2]
    return picture


def test_things_get_their_new_colour_and_soft_edges_stay_soft():
    background, colours = np.full((40, 60, 3), 50.0, np.float32), np.array([[250, 0, 0], [0, 0, 250]], np.float32)
    found = recoloured(drawing(), PALETTE, background, colours)
    np.testing.assert_allclose(found[0, 0], 50)
    np.testing.assert_allclose(found[15, 15], [250, 0, 0])
    np.testing.assert_allclose(found[30, 35], [0, 0, 250], atol=1)
    np.testing.assert_allclose(found[15, 9], [150, 25, 25], atol=2)


def test_the_own_colours_give_the_picture_back():
    own = np.full((40, 60, 3), 255, np.float32)
    found = recoloured(drawing(), PALETTE, own, np.array(PALETTE[1:], np.float32))
    np.testing.assert_allclose(found, drawing(), atol=1)


def test_a_picture_without_a_palette_keeps_its_colours_but_not_its_light():
    found = restyled(drawing(), (), np.random.default_rng(0))
    assert found.dtype == np.uint8
    assert found.shape == (40, 60, 3)
    assert not np.array_equal(found, drawing())


def test_chance_decides_and_a_seed_repeats_it():
    first, again, other = (restyled(drawing(), PALETTE, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_is_drawn_can_be_told_from_what_it_lies_on():
    rng = np.random.default_rng(0)
    for _ in range(200):
        beside = backdrop((8, 8), rng).mean(axis=(0, 1))
        assert np.linalg.norm(visible(beside, rng) - beside) >= 120


def test_a_light_from_the_left_darkens_the_right():
    found = lit(np.full((10, 10, 3), 100.0, np.float32), 1.0, np.array([-0.5, 0.0]))
    np.testing.assert_allclose(found[5, [0, 9], 0], [150, 50])


def test_a_camera_moved_to_the_left_moves_the_picture_to_the_right():
    found = moved(drawing(), camera((40, 60), (0.1, 0.0), 1.0, 0.0))
    np.testing.assert_array_equal(found[:, 6:], drawing()[:, :-6])
