# SPDX-License-Identifier: Apache-2.0
"""A plan: ordered sub-goals, and whether each can follow from those before it."""

from collections.abc import Sequence
from dataclasses import dataclass

from unified_agent.errors import UserError, nearest
from unified_agent.language.subgoals import OBJECTS, Relation, SubGoal

MAX_SUBGOALS = 12


class ImpossiblePlan(UserError):
    """A plan with a sub-goal that cannot become true after those before it."""


@dataclass(frozen=True)
class Plan:
    """What will be true, in this order, when the instruction has been carried out.

    Attributes:
        subgoals: the ordered sub-goals.
        instruction: the words they came from.
    """

    subgoals: tuple[SubGoal, ...]
    instruction: str = ""

    def __str__(self) -> str:
        return "\n".join(goal.sentence for goal in self.subgoals)

    @classmethod
    def of_moves(cls, moves: str, instruction: str = "") -> "Plan":
        """The plan of a shorthand, one word a move: ``red/blue`` stacks red on blue, ``red/table`` puts it on the
        table, ``red`` only grasps it.

        Raises:
            UserError: a word names no object.
        """
        subgoals: list[SubGoal] = []
        for move in moves.split():
            subject, _, support = move.partition("/")
            for name in (subject, *([support] if support not in ("", "table") else [])):
                if name not in OBJECTS:
                    raise UserError(f"The move '{move}' names no object. {nearest(name, OBJECTS)}")
            subgoals.append(SubGoal(Relation.GRASPING, subject))
            if support == "table":
                subgoals.append(SubGoal(Relation.ON_TABLE, subject))
            elif support:
                subgoals.append(SubGoal(Relation.ON_TOP_OF, subject, support))
        return cls(tuple(subgoals), instruction)


def check(subgoals: Sequence[SubGoal]) -> None:
    """Refuse a plan that cannot be carried out from any start with an empty gripper.

    The start is not known, so only what the plan itself has made true counts against it. Preconditions:
    an object is grasped with an empty gripper, and with nothing put on it before; it is placed only while
    grasped, and only on an object that is neither itself nor covered.

    Raises:
        ImpossiblePlan: naming the first sub-goal that cannot become true, and why.
    """
    if not subgoals:
        raise ImpossiblePlan("The plan is empty: it needs at least one sub-goal.")
    if len(subgoals) > MAX_SUBGOALS:
        raise ImpossiblePlan(f"The plan has {len(subgoals)} sub-goals; at most {MAX_SUBGOALS} are carried out.")
    held: str | None = None
    below: dict[str, str] = {}
    for goal in subgoals:
        covering = {support: subject for subject, support in below.items()}
        if goal.relation is Relation.GRASPING:
            if held is not None:
                _refuse(goal, f"the gripper still holds the {held} object")
            if goal.subject in covering:
                _refuse(goal, f"the {covering[goal.subject]} object is on top of it")
            held = goal.subject
            below.pop(held, None)
            continue
        if held != goal.subject:
            _refuse(goal, f"the {goal.subject} object was not grasped before")
        if goal.relation is Relation.ON_TOP_OF:
            if goal.support == goal.subject:
                _refuse(goal, "nothing can be on top of itself")
            if goal.support in covering:
                _refuse(goal, f"the {covering[goal.support]} object is already on top of the {goal.support} object")
            below[goal.subject] = goal.support
        held = None


def _refuse(goal: SubGoal, why: str) -> None:
    raise ImpossiblePlan(f"'{goal.sentence}' cannot become true: {why}.")
