# SPDX-License-Identifier: Apache-2.0
"""What was said in a recording, without its pictures: small, whatever the recording's size."""

from dataclasses import dataclass, field

import numpy as np

from unified_agent import topics
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.facts import WORDS, EpisodeFacts
from unified_agent.recording.reader import BagReader
from unified_agent.recording.scores import scores_of

STRING = "std_msgs/msg/String"


@dataclass
class History:
    """Times are those of the recording, seconds.

    Attributes:
        facts: instruction, plan, sub-goals, result.
        times: of the scores, N.
        scores: sentence -> N scores; not a number where the sentence was not asked for.
        gammas: sentence -> its newest threshold.
        reached: (time, sentence) in the order of time.
    """

    facts: EpisodeFacts
    times: np.ndarray
    scores: dict[str, np.ndarray]
    gammas: dict[str, float]
    reached: list[tuple[float, str]] = field(default_factory=list)

    @classmethod
    def of(cls, reader: BagReader) -> "History":
        """Of a bag; messages that are not whole are left out."""
        facts, times, rows, gammas, reached = EpisodeFacts(), [], [], {}, []
        spoken = [name for name in WORDS if name in reader.topics and reader.topics[name].type == STRING]
        for message in reader.messages([*spoken, topics.SCORES]):
            seconds = message.received / NANO
            try:
                said = reader.decode(message)
                scores = scores_of(said) if message.topic == topics.SCORES else {}
            except BadMessage:
                continue
            if message.topic == topics.SCORES:
                times.append(seconds)
                rows.append({sentence: score.value for sentence, score in scores.items()})
                gammas |= {sentence: score.gamma for sentence, score in scores.items()}
                continue
            facts.note(message.topic, said.data, seconds)
            if message.topic == topics.REACHED:
                reached.append((seconds, said.data))
        columns = {sentence: np.array([row.get(sentence, np.nan) for row in rows]) for sentence in gammas}
        return cls(facts, np.array(times), columns, gammas, reached)

    def telling(self, count: int) -> list[str]:
        """The sentences most worth showing, at most ``count``: those of the plan, then those that came furthest up."""
        planned = [sentence for sentence in dict.fromkeys(self.facts.plan) if sentence in self.scores]
        spread = {s: float(np.nanmax(values)) - self.gammas[s] for s, values in self.scores.items()}
        others = sorted((sentence for sentence in self.scores if sentence not in planned), key=lambda s: -spread[s])
        return (planned + others)[:count]
