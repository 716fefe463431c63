# SPDX-License-Identifier: Apache-2.0
"""The pursuit of a plan: which sub-goal now, when to go back, when to give up. Pure: no clock, no ROS, no robot."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum

from unified_agent.errors import UserError
from unified_agent.language.subgoals import Relation, SubGoal


class Outcome(str, Enum):
    """How a pursuit stands."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass
class Pursuit:
    """Pursues sub-goals in order.

    Before each action call :meth:`aim`, act on its sub-goal, watch some frames, then
    call :meth:`judge` with the sentences that were seen to be true. :attr:`outcome`
    tells when to stop, and :attr:`reason` why.

    Attributes:
        plan: the sub-goals, in order.
        tries: actions allowed for each entry of the plan, over the whole pursuit.
        reached: the sub-goals reached so far, in order; one that was lost and reached again is there twice.
    """

    plan: Sequence[SubGoal]
    tries: int = 8
    outcome: Outcome = Outcome.RUNNING
    reason: str = ""
    reached: list[SubGoal] = field(default_factory=list)

    def __post_init__(self):
        if not self.plan:
            raise UserError("A plan needs at least one sub-goal; this one is empty.")
        if self.tries < 1:
            raise UserError(f"A sub-goal needs at least one try, not {self.tries}.")
        self._index = 0
        self._used = [0] * len(self.plan)

    @property
    def current(self) -> SubGoal | None:
        """The sub-goal being pursued; None once the pursuit ended."""
        return self.plan[self._index] if self.outcome is Outcome.RUNNING else None

    @property
    def index(self) -> int:
        """Position of the current sub-goal in the plan; the plan's length after success."""
        return self._index

    @property
    def used(self) -> int:
        """Tries used up on the current sub-goal; 0 once the pursuit ended well."""
        return self._used[self._index] if self._index < len(self.plan) else 0

    def aim(self, holding: bool) -> SubGoal | None:
        """The sub-goal to act on next, and one of its tries used up; None when the pursuit ended.

        An object can only be placed by a gripper that holds something: with an empty
        one (it was dropped, or never caught) the pursuit goes back to its grasp.
        """
        if self.outcome is not Outcome.RUNNING:
            return None
        if self.current.relation is not Relation.GRASPING and not holding:
            self._index = self._grasp_before(self._index)
        if self._used[self._index] >= self.tries:
            self.fail(f"'{self.current}' was not seen after {self.tries} tries")
            return None
        self._used[self._index] += 1
        return self.current

    def judge(self, seen: Collection[str]) -> bool:
        """Take note of the sentences that are true now; True when the current sub-goal is among them.

        At the end of the plan what was built must still stand: where a placed object is
        no longer seen in its place, the pursuit goes back to the grasp of that object.
        """
        if self.outcome is not Outcome.RUNNING or self.current.sentence not in seen:
            return False
        self.reached.append(self.current)
        self._index += 1
        if self._index == len(self.plan):
            lost = [i for i in self._lasting() if self.plan[i].sentence not in seen]
            if lost:
                self._index = self._grasp_before(lost[0])
            else:
                self.outcome = Outcome.SUCCESS
        return True

    def fail(self, reason: str) -> None:
        """End without success (a time limit, a stop, a broken sensor)."""
        if self.outcome is Outcome.RUNNING:
            self.outcome, self.reason = Outcome.FAILURE, reason

    def _grasp_before(self, index: int) -> int:
        """The entry that grasps what the entry at ``index`` places (itself, where the plan has none)."""
        grasp = SubGoal(Relation.GRASPING, self.plan[index].subject)
        return next((i for i in range(index, -1, -1) if self.plan[i] == grasp), index)

    def _lasting(self) -> list[int]:
        """The entries that place an object which no later entry moves."""
        return [
            i
            for i, goal in enumerate(self.plan)
            if goal.relation is not Relation.GRASPING
            and all(later.subject != goal.subject for later in self.plan[i + 1 :])
        ]
