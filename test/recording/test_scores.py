# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from unified_agent.recording.cdr import NANO, BadMessage, Decoder, TopicInfo
from unified_agent.recording.scores import TYPE, Score, ScoreEncoder, encoded, scores_of

SCORES = {"the red object is on the table": Score(0.75, 0.5), "the robot is grasping the red object": Score(-0.25, 0.5)}


def decoded(scores):
    return Decoder().decode(TopicInfo("/caption/scores", TYPE), encoded(3 * NANO + 7, scores))


def test_scores_come_back_as_they_were_written():
    message = decoded(SCORES)
    assert scores_of(message) == SCORES
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (3, 7)


def test_what_is_seen_is_ok_what_is_over_its_threshold_a_warning_and_what_is_not_is_stale():
    assert [status.level for status in decoded(SCORES).status] == [1, 3]
    seen = {sentence: replace(score, seen=score.over) for sentence, score in SCORES.items()}
    assert [status.level for status in decoded(seen).status] == [0, 3]
    assert scores_of(decoded(seen)) == seen


def test_doubts_are_told_where_there_are_some():
    doubtful = {"a cat": Score(0.9, 0.8, calibrated=False, familiar=False)}
    assert scores_of(decoded(doubtful)) == doubtful
    keys = [[pair.key for pair in decoded(scores).status[0].values] for scores in (SCORES, doubtful)]
    assert keys == [["score", "gamma", "over"], ["score", "gamma", "over", "calibrated", "familiar"]]


def test_a_score_that_is_no_number_is_refused():
    message = decoded(SCORES)
    message.status[0].values[0].value = "much"
    with pytest.raises(BadMessage, match="red object is on the table"):
        scores_of(message)
    message.status[0].values[0].value = "nan"
    with pytest.raises(BadMessage, match="not finite"):
        scores_of(message)


def test_the_fast_encoder_makes_the_same_bytes():
    chance = np.random.default_rng(0)
    sentences = ["a", "two words", "über den Tisch", "x" * 17, "five!", "the red object is on the table"]
    gammas = chance.uniform(-1, 1, len(sentences))
    sure = [number % 2 == 0 for number in range(len(sentences))]
    encoder = ScoreEncoder(sentences, gammas, sure)
    for number in range(200):
        values = chance.uniform(-1, 1, len(sentences)) * (number % 3)
        familiar = bool(chance.integers(2))
        told = zip(values, gammas, sure, strict=True)
        scores = [Score(value, gamma, chance.random() < 0.5, one, familiar) for value, gamma, one in told]
        scores = [replace(score, seen=score.seen and score.over) for score in scores]
        stamp = int(chance.integers(0, 2 * 10**18))
        over, seen = [score.over for score in scores], [score.seen for score in scores]
        fast = encoder.encode(stamp, values, over, seen, familiar)
        assert fast == encoded(stamp, dict(zip(sentences, scores, strict=True)))
