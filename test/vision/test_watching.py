# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.language.subgoals import VOCABULARY, SubGoal
from unified_agent.vision import watching
from unified_agent.vision.watching import SUSTAINED, events

SENTENCES = [goal.sentence for goal in VOCABULARY]


def film(*scenes):
    """Whether each sentence is true of each frame, for scenes of (numbers of the true sentences, frames)."""
    return np.concatenate([np.tile(np.isin(np.arange(12), list(true)), (frames, 1)) for true, frames in scenes])


def reading(*sentences, first=()):
    return [str(goal) for goal in watching._reading(*([SubGoal.parse(s) for s in some] for some in (first, sentences)))]


def test_what_is_true_from_the_beginning_did_not_come_true():
    assert events(film(({9, 10, 11}, 20))) == []


def test_what_came_true_is_told_in_order():
    assert events(film(({9, 10}, 10), ({0, 10}, 10), ({4, 10}, 10))) == [0, 4]


def test_a_flicker_is_no_event():
    assert events(film(({9}, 10), ({9, 4}, SUSTAINED - 1), ({9}, 10))) == []


def test_an_object_hidden_for_a_moment_did_not_come_again():
    assert events(film(({9}, 10), (set(), SUSTAINED - 1), ({9}, 10))) == []


def test_a_video_too_short_to_judge_holds_no_event():
    assert events(film(({0}, SUSTAINED - 1))) == []


def test_a_grasp_that_was_not_seen_is_inferred():
    assert reading(SENTENCES[3]) == [SENTENCES[0], SENTENCES[3]]


def test_an_object_with_another_one_on_it_is_not_believed_to_have_moved():
    red_on_green, blue_on_red, red_on_blue = SENTENCES[3], SENTENCES[7], SENTENCES[4]
    assert reading(red_on_green, blue_on_red, red_on_blue)[1::2] == [red_on_green, blue_on_red]


def test_what_lies_on_the_table_again_where_it_was_hidden_has_not_moved():
    assert reading(SENTENCES[9], first=[SENTENCES[9]]) == []


def test_what_was_on_another_object_and_lies_on_the_table_now_was_put_there():
    assert reading(SENTENCES[9], first=[SENTENCES[3]]) == [SENTENCES[0], SENTENCES[9]]


def test_a_grasp_at_the_end_is_part_of_the_plan():
    assert reading(SENTENCES[1]) == [SENTENCES[1]]


@pytest.mark.parametrize("content", [None, b"not a video"])
def test_a_file_that_is_no_video_is_explained(tmp_path, content):
    path = tmp_path / "clip.mp4"
    if content:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"clip\.mp4"):
        list(watching.frames_of(path))
