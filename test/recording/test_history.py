# SPDX-License-Identifier: Apache-2.0
import numpy as np

from unified_agent.recording.history import History
from unified_agent.recording.reader import BagReader

from .conftest import GRASP, STACK


def test_a_history_has_the_words_and_the_scores_over_time(episode):
    history = History.of(BagReader(episode))
    assert history.facts.instruction == "stack them"
    assert history.facts.result == "failure: gave up"
    assert history.reached == [(2.0, GRASP)]
    assert history.times[[0, -1]].tolist() == [1.0, 2.9]
    assert np.allclose(history.scores[GRASP], np.arange(20) / 20)
    assert history.gammas == {GRASP: 0.5, STACK: 0.5}


def test_the_sentences_of_the_plan_are_told_first(episode):
    history = History.of(BagReader(episode))
    history.facts.plan = [STACK]
    assert history.telling(1) == [STACK]
    assert history.telling(5) == [STACK, GRASP]
