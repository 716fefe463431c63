# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.language.subgoals import VOCABULARY
from unified_agent.training.eyes.calibration import by_relation, calibrate, evaluate, macro, pooled, table

SENTENCES = [goal.sentence for goal in VOCABULARY[:2]]


def test_the_threshold_lies_between_what_is_true_and_what_is_not():
    assert calibrate(np.array([0.9, 0.7, 0.3, 0.1]), np.array([1, 1, 0, 0])) == pytest.approx(0.5)


def test_precision_is_bought_with_recall():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    truth = np.array([1, 1, 0, 1, 0])
    assert calibrate(scores, truth, beta=0.5) == pytest.approx(0.75)
    assert calibrate(scores, truth, beta=2.0) == pytest.approx(0.55)


def test_frames_in_between_do_not_count():
    assert calibrate(np.array([0.9, 0.7, 0.3]), np.array([1, -1, 0])) == pytest.approx(0.6)


def test_equal_scores_stand_or_fall_together():
    scores, truth = np.array([0.9, 0.5, 0.5]), np.array([1, 1, 0])
    assert calibrate(scores, truth, beta=0.1) == pytest.approx(0.7)


def test_a_sentence_that_was_never_true_is_never_said():
    assert calibrate(np.array([0.9, 0.5]), np.array([0, 0])) == 1.0


def test_verdicts_are_counted_and_pooled():
    scores = np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.9], [0.9, 0.1]])
    truth = np.array([[1, 0], [0, 1], [1, 1], [-1, 1]])
    first, second = found = evaluate(SENTENCES, scores, truth, np.array([0.5, 0.5]))
    assert (first.precision, first.recall) == (0.5, 0.5)
    assert (second.precision, second.recall) == (1.0, pytest.approx(2 / 3))
    assert pooled(found).true_positives == 3
    assert f"| {SENTENCES[1]} | 0.500 | 3 | 1 | 1.0000 | 0.6667 |" in table(found)


def test_a_rare_sentence_counts_in_its_relation_and_in_the_mean():
    common, rare = "the red object is on the table", "the red object is on top of the blue object"
    scores = np.array([[0.9, 0.9], [0.9, 0.1], [0.9, 0.9], [0.1, 0.1]])
    truth = np.array([[1, 1], [1, 0], [1, 0], [0, 0]])
    found = evaluate([common, rare], scores, truth, np.array([0.5, 0.5]))
    assert pooled(found).precision == pytest.approx(4 / 5)
    assert macro(found)[0] == pytest.approx(3 / 4)
    grasping, on_top, on_table = by_relation(found)
    assert (on_top.precision, on_table.precision) == (0.5, 1.0)
    assert grasping.true_positives + grasping.true_negatives == 0
