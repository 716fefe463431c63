# SPDX-License-Identifier: Apache-2.0
"""One instruction being carried out for somebody: when to say it, when to cancel it, and how it ended."""

from enum import Enum

from unified_agent.nodes.course import CANCELLED, FAILURE, HEARD, REFUSED, SUCCESS, Course

# Seconds until an instruction that nobody took note of is said again, longer than the planner takes a repeat for the
# same one; and in which the planner must have heard it.
REPEAT, HEARING = 2.0, 10.0
# Seconds in which an instruction that was cancelled ends, and in which one does that was not heard at all.
CANCELLING, UNHEARD = 20.0, 2.0


class Step(Enum):
    """What to do now."""

    NOTHING = "nothing"
    SAY = "say the instruction"
    CANCEL = "cancel at the planner and the policy"


class Errand:
    """From an instruction to its outcome. Without ROS and without a clock: times are the caller's, seconds.

    Args:
        course: of the instruction, begun and fed with what the graph says.
        now: the time.

    Attributes:
        course: as given.
        outcome: ``success``, ``failure``, ``refused`` or ``cancelled`` once it is over; empty before.
        reason: why it is no success.
    """

    def __init__(self, course: Course, now: float):
        self.course = course
        self.outcome = self.reason = ""
        self._first: float | None = None
        self._again = now
        self._heard = False
        self._cancelled: float | None = None

    def step(self, now: float, cancel: bool = False) -> Step:
        """What to do at this time, after the course has heard everything that came.

        Args:
            now: the time.
            cancel: whether it shall be given up.
        """
        course = self.course
        if self.outcome:
            return Step.NOTHING
        if course.outcome:
            self._take(course.outcome)
            return Step.NOTHING
        self._heard = self._heard or course.heard
        if cancel:
            return self._cancel(now)
        if self._heard and course.started is None and not course.named(course.figure("planner", HEARD)):
            self.end(FAILURE, "replaced by another instruction")
        elif not self._heard and course.started is None:
            if self._first is not None and now - self._first > HEARING:
                self.end(REFUSED, f"the planner took no note of it for {HEARING:.0f} s")
            elif now >= self._again:
                self._first = now if self._first is None else self._first
                self._again = now + REPEAT
                return Step.SAY
        return Step.NOTHING

    def end(self, outcome: str, reason: str) -> None:
        """It is over, for a reason that the course does not know."""
        if not self.outcome:
            self.outcome, self.reason = outcome, reason

    def _cancel(self, now: float) -> Step:
        """Ask for it again and again: between plan and episode nobody has it to give up."""
        if self._cancelled is None:
            self._cancelled = self._again = now
        waited = now - self._cancelled
        if waited > (CANCELLING if self._heard or self.course.started is not None else UNHEARD):
            self.end(CANCELLED, "nobody told of its end")
        elif now >= self._again:
            self._again = now + REPEAT
            return Step.CANCEL
        return Step.NOTHING

    def _take(self, outcome: str) -> None:
        kind, _, reason = outcome.partition(": ")
        self.end(CANCELLED if reason == CANCELLED else kind, "" if kind == SUCCESS else reason)
