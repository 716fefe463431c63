# SPDX-License-Identifier: Apache-2.0
"""What an episode was about: its instruction, plan, sub-goals with their times, and result."""

import json
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from unified_agent import topics
from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import nearest

FILE = "episode.json"
WORDS = (topics.INSTRUCTION, topics.PLAN, topics.SUBGOAL, topics.REACHED, topics.EPISODE)


def plan_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a /plan message, in order; empty lines do not count."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


LATE = 0.5
"""Seconds: what comes later than this is told."""


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
        namespace: of the agent whose episode it was; empty for one without.
        late: topic -> seconds by which its messages came late at worst, where that was more than `LATE`.
        waiting: megabytes that waited for the disk at most.
        video: seconds that the video beside the bag lasts; None for none.
        left_out: frames that were left out of the video, which shows the ones before them longer.
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
    namespace: str = ""
    late: dict[str, float] = field(default_factory=dict)
    waiting: float = 0.0
    video: float | None = None
    left_out: int = 0

    @property
    def troubles(self) -> list[str]:
        """What is wrong with the recording, a line each; nothing with most."""
        lines = ["the recording began when the episode was running already"] if self.joined_late else []
        lines += [f"nothing came on {', '.join(self.empty)}"] if self.empty else []
        lines += [f"{count} messages of {topic} were lost on the way" for topic, count in self.lost.items()]
        if self.late:
            worst = max(self.late, key=lambda topic: self.late[topic])
            others = f" (and {len(self.late) - 1} topics less so)" if len(self.late) > 1 else ""
            lines.append(f"the recorder fell behind: {worst} came up to {self.late[worst]:.1f} s late{others}")
        if self.left_out:
            lines.append(f"{self.left_out} frames were left out of the video: drawing fell behind")
        return lines

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
        told = mapping(json_of(read_text(path), str(path)), str(path))
        known = {one.name: one for one in fields(cls)}
        if strange := next((name for name in told if name not in known), None):
            raise BadDocument(f"{path} does not tell of an episode: {nearest(strange, known)}")
        for name, value in told.items():
            if not _IS[str(known[name].type)](value):
                raise BadDocument(f"{path} does not tell of an episode: '{name}' is {shown(value)}.")
        pursuits = [PursuedSubGoal(**pursuit) for pursuit in told.pop("pursuits", [])]
        return cls(**told, pursuits=pursuits)

    @classmethod
    def of(cls, said: Iterable[tuple[str, str, float]]) -> "EpisodeFacts":
        """Of (topic, text, seconds) in the order of time."""
        facts = cls()
        for topic, text, seconds in said:
            facts.note(topic, text, seconds)
        return facts


def _is_number(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return whole or (isinstance(value, float) and math.isfinite(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _all(keys: Callable[[object], bool], values: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(keys(key) and values(one) for key, one in value.items())


def _is_pursuit(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) | {"reached"} == {"sentence", "pursued", "reached"}
        and _is_text(value["sentence"])
        and _is_number(value["pursued"])
        and (value.get("reached") is None or _is_number(value["reached"]))
    )


# Type of a field -> whether a value that was read is of it.
_IS: dict[str, Callable[[object], bool]] = {
    str(kind): test
    for kind, test in (
        (str, _is_text),
        (bool, lambda value: isinstance(value, bool)),
        (int, lambda value: _is_number(value) and isinstance(value, int)),
        (float, _is_number),
        (float | None, lambda value: value is None or _is_number(value)),
        (list[str], lambda value: isinstance(value, list) and all(map(_is_text, value))),
        (list[PursuedSubGoal], lambda value: isinstance(value, list) and all(map(_is_pursuit, value))),
        (dict[str, int], _all(_is_text, _is_number)),
        (dict[str, float], _all(_is_text, _is_number)),
        (dict[str, dict[str, str]], _all(_is_text, _all(_is_text, _is_text))),
    )
}
