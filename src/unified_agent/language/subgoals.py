# SPDX-License-Identifier: Apache-2.0
"""Sub-goals: plain sentences that a camera can check, and what they mean symbolically."""

from dataclasses import dataclass
from enum import Enum

from unified_agent.errors import UserError, nearest

OBJECTS = ("red", "green", "blue")


class UnknownSentence(UserError):
    """A sentence that is not in the vocabulary."""


class Relation(str, Enum):
    """What can hold of an object."""

    GRASPING = "grasping"
    ON_TOP_OF = "on top of"
    ON_TABLE = "on the table"


@dataclass(frozen=True)
class SubGoal:
    """One thing that will be true in the picture.

    Attributes:
        relation: what holds.
        subject: name of the object it holds of ("red").
        support: name of the object below it; only with ``ON_TOP_OF``.
    """

    relation: Relation
    subject: str
    support: str | None = None

    @property
    def sentence(self) -> str:
        match self.relation:
            case Relation.GRASPING:
                return f"the robot is grasping the {self.subject} object"
            case Relation.ON_TOP_OF:
                return f"the {self.subject} object is on top of the {self.support} object"
            case Relation.ON_TABLE:
                return f"the {self.subject} object is on the table"

    def __str__(self) -> str:
        return self.sentence

    @classmethod
    def parse(cls, sentence: str) -> "SubGoal":
        """The sub-goal of a sentence of the vocabulary (case and a final stop do not count).

        Raises:
            UnknownSentence: naming the nearest sentence there is.
        """
        key = " ".join(sentence.lower().rstrip(" .").split())
        try:
            return _BY_SENTENCE[key]
        except KeyError:
            raise UnknownSentence(f"'{sentence}' is no sub-goal. {nearest(key, _BY_SENTENCE)}") from None


VOCABULARY: tuple[SubGoal, ...] = (
    *(SubGoal(Relation.GRASPING, a) for a in OBJECTS),
    *(SubGoal(Relation.ON_TOP_OF, a, b) for a in OBJECTS for b in OBJECTS if a != b),
    *(SubGoal(Relation.ON_TABLE, a) for a in OBJECTS),
)
SENTENCES = tuple(goal.sentence for goal in VOCABULARY)
_BY_SENTENCE = {goal.sentence: goal for goal in VOCABULARY}
