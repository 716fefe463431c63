# SPDX-License-Identifier: Apache-2.0
"""What an episode was about: its instruction, plan, sub-goals with their times, and result."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from unified_agent import topics
from unified_agent.errors import UserError

FILE = "episode.json"
WORDS = (topics.INSTRUCTION, topics.PLAN, topics.SUBGOAL, topics.REACHED, topics.EPISODE)


def plan_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a /plan message, in order; empty lines do not count."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


@dataclass
class PursuedSubGoal:
    """A sub-goal that was pursued.

    Attributes:
        sentence: of the sub-goal.
        pursued: when, seconds.
        reached: when it came true in the picture, seconds; None where it did not.
    """

    sentence: str
    pursued: float
    reached: float | None = None


@dataclass
class EpisodeFacts:
    """Followed from what is said on the topics; the file ``episode.json`` in the bag's folder.

    Attributes:
        instruction: what the person asked for.
        plan: its sentences.
        pursuits: the sub-goals in the order in which they were pursued.
        result: ``success`` or ``failure: <why>``; empty for an episode that did not end.
        start, end: times of the recording, seconds.
        models: part -> what is known of the model, see `models_used`.
        joined_late: whether the recording began when the episode was running already.
        empty: topics of cameras and joints on which nothing came.
        lost: topic -> messages that were sent and did not come.
    """

    instruction: str = ""
    plan: list[str] = field(default_factory=list)
    pursuits: list[PursuedSubGoal] = field(default_factory=list)
    result: str = ""
    start: float | None = None
    end: float | None = None
    models: dict[str, dict[str, str]] = field(default_factory=dict)
    joined_late: bool = False
    empty: list[str] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)

    def note(self, topic: str, text: str, seconds: float) -> None:
        """Something was said on one of `WORDS`."""
        match topic:
            case topics.INSTRUCTION:
                self.instruction = self.instruction or text
            case topics.PLAN:
                self.plan = list(plan_sentences(text)) or self.plan
            case topics.SUBGOAL if text:
                self.pursuits.append(PursuedSubGoal(text, seconds))
            case topics.REACHED:
                for pursuit in self.pursuits[-1:]:
                    if pursuit.sentence == text and pursuit.reached is None:
                        pursuit.reached = seconds
            case topics.EPISODE:
                verb, _, rest = text.partition(" ")
                if verb == "start":
                    self.instruction, self.start = rest, seconds
                elif verb == "end":
                    self.result, self.end = rest, seconds

    def write(self, folder: Path) -> None:
        """Write ``folder/episode.json``, whole or not at all."""
        partial = folder / f"{FILE}.partial"
        with partial.open("w") as file:
            json.dump(asdict(self), file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / FILE)

    @classmethod
    def read(cls, folder: Path) -> "EpisodeFacts":
        """Of a bag's folder.

        Raises:
            UserError: there is no such file, or it is no such file.
        """
        path = folder / FILE
        try:
            facts = cls(**json.loads(path.read_text()))
            facts.pursuits = [PursuedSubGoal(**pursuit) for pursuit in facts.pursuits]
        except (OSError, ValueError, TypeError) as error:
            raise UserError(f"{path} does not tell of an episode: {error}") from None
        return facts

    @classmethod
    def of(cls, said: Iterable[tuple[str, str, float]]) -> "EpisodeFacts":
        """Of (topic, text, seconds) in the order of time."""
        facts = cls()
        for topic, text, seconds in said:
            facts.note(topic, text, seconds)
        return facts
