# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import yaml

from unified_agent.errors import UserError
from unified_agent.training.eyes.from_marks import from_scores, marked_scores, written
from unified_agent.training.eyes.marks import Mark
from unified_agent.vision.thresholds import read_thresholds

TABLE = "the red object is on the table"


def found(true, false, sentence=TABLE):
    scores = np.array([*true, *false], dtype=np.float32)
    return from_scores(sentence, scores, np.array([1] * len(true) + [0] * len(false), dtype=np.int8))


def test_the_threshold_lies_in_the_middle_of_the_gap():
    one = found([0.31, 0.33, 0.35], [0.2, 0.25, 0.29])
    assert one.threshold == pytest.approx(0.30)
    assert (one.auc, one.precision, one.recall) == (1.0, 1.0, 1.0)
    assert one.gap == pytest.approx(0.02)


def test_where_true_and_false_overlap_the_cut_that_is_right_most_often_is_taken_and_told():
    one = found([0.2, 0.31, 0.33, 0.35], [0.1, 0.15, 0.21, 0.22])
    assert one.threshold == pytest.approx(0.265)
    assert one.gap < 0
    assert (one.precision, one.recall) == (1.0, 0.75)


def test_a_sentence_that_the_clip_cannot_tell_gets_no_threshold():
    one = found([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert one.threshold is None
    assert one.auc == 0.5
    assert "score alike" in one.why


@pytest.mark.parametrize(("true", "false", "why"), [([0.3] * 2, [0.1] * 9, "true in 2"), ([0.3] * 9, [], "false in 0")])
def test_too_few_marked_moments_give_no_threshold(true, false, why):
    assert why in found(true, false).why


def test_moments_that_are_not_counted_change_nothing():
    scores = np.array([0.3, 0.4, 0.5, 0.1, 0.0, 0.2, 0.9], dtype=np.float32)
    assert from_scores(TABLE, scores, np.array([1, 1, 1, 0, 0, 0, -1], dtype=np.int8)).threshold == pytest.approx(0.25)


def test_what_is_written_is_read_as_thresholds(tmp_path):
    good, bad = found([0.31, 0.33, 0.35], [0.2, 0.25, 0.29], "it's here: there"), found([], [])
    path = tmp_path / "thresholds.yaml"
    path.write_text(written([good, bad], "ViT-B-32:x"))
    assert read_thresholds(path) == {"it's here: there": 0.3}
    assert yaml.safe_load(path.read_text()) == {"it's here: there": 0.3}


def test_marks_of_a_recording_that_is_not_given_are_told(tmp_path):
    mark = Mark("other", TABLE, 0, 1, stamped=False)
    with pytest.raises(UserError, match="'other', which is not given"):
        marked_scores([tmp_path / "bag"], [mark], None, (), 0.1, 0.1)


def test_a_mark_that_may_be_of_two_recordings_is_refused(tmp_path):
    mark = Mark("bag", TABLE, 0, 1, stamped=False)
    with pytest.raises(UserError, match="write more of its path"):
        marked_scores([tmp_path / "a" / "bag", tmp_path / "b" / "bag"], [mark], None, (), 0.1, 0.1)
