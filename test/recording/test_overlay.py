# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.recording.overlay import FRAME_SIZE, PlanProgress, Scene, draw, fit, fitted, height
from unified_agent.recording.palette import CURRENT, TRUE
from unified_agent.recording.scores import Score

PLAN = ["the robot is grasping the red object", "the red object is on top of the blue object"]
FRAMES = {"left": np.zeros((128, 128, 3), np.uint8), "right": np.full((128, 128, 3), 255, np.uint8)}


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


def test_the_size_is_even_and_the_same_whatever_is_drawn():
    empty = draw(Scene(FRAMES)).shape
    full = draw(
        Scene(FRAMES, "x" * 10_000, PlanProgress(PLAN * 9), "c" * 999, {str(n): Score(2.0, -1.0) for n in range(40)})
    )
    assert empty == full.shape
    assert empty[0] % 2 == empty[1] % 2 == 0


def test_the_cameras_stand_side_by_side_in_the_order_given():
    row = draw(Scene(FRAMES))[250]
    assert row[200].max() == 0
    assert row[-200].min() == 255


def test_a_reached_entry_is_ticked_and_the_next_is_marked_as_current():
    progress = PlanProgress(PLAN)
    assert not has_colour(draw(Scene(FRAMES, progress=progress)), TRUE)
    progress.reach(PLAN[0])
    picture = draw(Scene(FRAMES, progress=progress))
    assert has_colour(picture, TRUE)
    assert has_colour(picture, CURRENT)


def test_a_sub_goal_reached_out_of_turn_ticks_nothing():
    progress = PlanProgress(PLAN)
    progress.reach(PLAN[1])
    assert progress.reached == 0


def test_going_back_to_an_earlier_sub_goal_takes_its_tick_away():
    progress = PlanProgress(PLAN, reached=2)
    progress.pursue(PLAN[0])
    assert progress.reached == 0


def test_a_score_over_its_threshold_looks_different_from_one_below():
    below = draw(Scene(FRAMES, scores={PLAN[0]: Score(0.5, 0.6)}))
    over = draw(Scene(FRAMES, scores={PLAN[0]: Score(0.5, 0.4)}))
    assert has_colour(over, TRUE)
    assert not has_colour(below, TRUE)


def shape_of(picture: np.ndarray) -> tuple[int, int]:
    """Rows and columns of the white part."""
    white = (picture > 240).all(axis=2)
    return int(white.any(axis=1).sum()), int(white.any(axis=0).sum())


@pytest.mark.parametrize(("rows", "columns"), [(480, 640), (1080, 1920), (1000, 100), (100, 1000), (32, 32)])
def test_a_picture_keeps_its_shape(rows, columns):
    frame = np.full((rows, columns, 3), 255, np.uint8)
    high, across = shape_of(np.asarray(fitted(frame, FRAME_SIZE, height([frame]))))
    assert high / across == pytest.approx(rows / columns, rel=0.03)
    assert max(high, across) == FRAME_SIZE


def test_cameras_of_several_shapes_share_a_room_as_high_as_the_highest_needs():
    frames = [np.zeros((480, 640, 3), np.uint8), np.zeros((1080, 1920, 3), np.uint8)]
    assert height(frames) == FRAME_SIZE * 3 / 4
    assert height([]) == height([np.zeros((999, 1, 3), np.uint8)]) == FRAME_SIZE
    assert height([np.zeros((1, 999, 3), np.uint8)]) == FRAME_SIZE / 4


def test_a_text_is_cut_where_there_is_no_more_room_however_long_it_is():
    assert fit("short", 200, 14) == "short"
    cut = fit("word " * 10**6, 100, 14)
    assert cut.endswith("…")
    assert len(cut) < 30
