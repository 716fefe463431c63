# SPDX-License-Identifier: Apache-2.0
"""What was said in a recording, without its pictures: small, whatever the recording's size."""

from dataclasses import dataclass, field

import numpy as np

from unified_agent import topics
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.facts import WORDS, EpisodeFacts
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import Said
from unified_agent.recording.scores import scores_of

# Sentences whose scores are kept.
MOST = 1000


@dataclass
class History:
    """Times are those of the recording, seconds.

    Attributes:
        facts: instruction, plan, sub-goals, result.
        times: of the scores, N.
        scores: sentence -> N scores; not a number where the sentence was not asked for.
        gammas: sentence -> its newest threshold.
        reached: (time, sentence) in the order of time.
        left_out: what was said and could not be used; a line a kind, with its count.
    """

    facts: EpisodeFacts
    times: np.ndarray
    scores: dict[str, np.ndarray]
    gammas: dict[str, float]
    reached: list[tuple[float, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, reader: BagReader) -> "History":
        """Of a bag; what cannot be used is left out, and told."""
        facts, times, rows, gammas, reached = EpisodeFacts(), [], [], {}, []
        said = Said(reader, [*WORDS, topics.SCORES])
        for message in reader.messages(said.names):
            seconds = message.received / NANO
            heard = said.take(message)
            if heard is None:
                continue
            if message.topic != topics.SCORES:
                facts.note(message.topic, heard.data, seconds)
                if message.topic == topics.REACHED:
                    reached.append((seconds, heard.data))
                continue
            try:
                scores = scores_of(heard)
            except BadMessage as error:
                said.refuse(message.topic, error)
                continue
            if any(sentence not in gammas for sentence in scores) and len(gammas | scores) > MOST:
                said.refuse(message.topic, BadMessage(f"there are more than {MOST} sentences"))
                continue
            times.append(seconds)
            rows.append({sentence: score.value for sentence, score in scores.items()})
            gammas |= {sentence: score.gamma for sentence, score in scores.items()}
        columns = {sentence: np.array([row.get(sentence, np.nan) for row in rows]) for sentence in gammas}
        return cls(facts, np.array(times), columns, gammas, reached, said.left_out)

    def telling(self, count: int) -> list[str]:
        """The sentences most worth showing, at most ``count``: those of the plan, then those that came furthest up."""
        planned = [sentence for sentence in dict.fromkeys(self.facts.plan) if sentence in self.scores]
        spread = {s: float(np.nanmax(values)) - self.gammas[s] for s, values in self.scores.items()}
        others = sorted((sentence for sentence in self.scores if sentence not in planned), key=lambda s: -spread[s])
        return (planned + others)[:count]
