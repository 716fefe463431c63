# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.training.eyes.calibration import calibrate, evaluate, pooled, table


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
    first, second = found = evaluate(["a", "b"], scores, truth, np.array([0.5, 0.5]))
    assert (first.precision, first.recall) == (0.5, 0.5)
    assert (second.precision, second.recall) == (1.0, pytest.approx(2 / 3))
    assert pooled(found).true_positives == 3
    assert "| b | 0.500 | 3 | 1 | 1.0000 | 0.6667 |" in table(found)
