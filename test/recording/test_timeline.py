# SPDX-License-Identifier: Apache-2.0
import numpy as np

from unified_agent.recording.facts import EpisodeFacts
from unified_agent.recording.history import History
from unified_agent.recording.palette import CURRENT
from unified_agent.recording.reader import BagReader
from unified_agent.recording.timeline import timeline


def test_the_cursor_goes_from_the_first_score_to_the_last(episode):
    drawn = timeline(History.of(BagReader(episode)), 768)
    assert drawn.picture.shape == (240, 768, 3)
    for seconds, column in ((0.0, drawn.left), (drawn.start, drawn.left), (drawn.end, drawn.right)):
        assert (drawn.at(seconds)[:, column] == CURRENT).all()


def test_without_scores_there_is_nothing_to_plot():
    assert timeline(History(EpisodeFacts(), np.array([]), {}, {}), 768) is None
