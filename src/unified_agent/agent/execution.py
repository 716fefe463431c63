# SPDX-License-Identifier: Apache-2.0
"""Carrying out a plan: aim at a sub-goal, act, watch, judge; the same behind the topics and in-process."""

import math
from collections.abc import Callable, Collection, Sequence
from enum import Enum

import numpy as np

from unified_agent.agent.pursuit import Outcome, Pursuit
from unified_agent.language.subgoals import SubGoal
from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Unreachable
from unified_agent.robot.motions import Motions, Move
from unified_agent.robot.runner import MotionRunner
from unified_agent.state import Action, State
from unified_agent.vision.steady import MOMENTS, SECONDS, SLACK, Steady

# Simulated seconds in which an arm that was stopped, and a gripper in mid-travel, come to rest before anything is
# concluded from where they are.
SETTLE = 0.6
# Seconds, of the frames' stamps, for which a sub-goal is waited for after an action, and moments that are looked at in
# any case: a slow camera, or a captioner that a fast simulation leaves behind, shows few of them in that time.
WATCH = 0.8
WATCHED = 8


class Phase(str, Enum):
    """What an execution is doing."""

    SETTLING = "settling"
    WATCHING = "watching"
    AIMING = "aiming"
    MOVING = "moving"
    ENDED = "ended"


class PlanExecution:
    """One episode. All times are seconds of one clock, in simulation the simulated one.

    It watches before it acts: what is true already need not be done. Call `step` with every fresh measurement and
    send the moves that come back; call `judged` with every frame that the captioner scored. `interrupt` abandons the
    motion of the moment (the caller has stopped the arm): the execution then settles, looks at what is true and goes
    on from there.

    Args:
        arm: its data.
        motions: of that arm.
        choose: the policy: state and sentence -> action.
        plan: sub-goals in order, of a plan that was checked.
        now: the start.
        tries: actions for each sub-goal.
        time_limit: seconds for all of it.
        watch: seconds after each action in which the sub-goal must begin to be seen.

    Attributes:
        pursuit: which sub-goal, and how it ended.
        actions: picks and places so far.
        trouble: why the last motion failed; empty when it did not.
    """

    def __init__(
        self,
        arm: Arm,
        motions: Motions,
        choose: Callable[[State, str], Action],
        plan: Sequence[SubGoal],
        now: float,
        tries: int = 8,
        time_limit: float = 180.0,
        watch: float = WATCH,
    ):
        self.pursuit = Pursuit(plan, tries)
        self.actions = 0
        self.trouble = ""
        self._arm, self._motions, self._choose = arm, motions, choose
        self._deadline = now + time_limit
        self._watch_seconds = watch
        self._runner: MotionRunner | None = None
        # Of the moments since the action: it is seen in them what has outlived the action.
        self._outlived = Steady()
        self._stamps: list[float] = []
        self._since = now
        self.phase = Phase.SETTLING

    @property
    def sentence(self) -> str:
        """The sub-goal that is pursued; empty after the end."""
        return self.pursuit.current.sentence if self.pursuit.current else ""

    def step(self, now: float, state: State, q: np.ndarray, gripper: float | None = None) -> list[Move]:
        """What to begin now.

        Args:
            now: time of the measurement.
            state: finite.
            q: the arm's joints, measured, shape (J,).
            gripper: its measured position, where it is known.
        """
        if self.pursuit.outcome is Outcome.RUNNING and now > self._deadline:
            self.pursuit.fail("the time is up")
        if self.pursuit.outcome is not Outcome.RUNNING:
            self.phase = Phase.ENDED
        match self.phase:
            case Phase.SETTLING if now >= self._since + SETTLE:
                self._watch(now)
            case Phase.AIMING:
                return self._act(now, state, q, gripper)
            case Phase.MOVING:
                return self._move(now, q)
        return []

    def patience(self, now: float) -> float:
        """Seconds from ``now`` for which `step` would have nothing to say; infinite while it is frames it waits for."""
        match self.phase:
            case Phase.SETTLING:
                return self._since + SETTLE - now
            case Phase.MOVING:
                return self._runner.patience(now)
            case Phase.WATCHING:
                return math.inf
        return 0.0

    def judged(self, stamp: float, true: Collection[str], seen: Collection[str]) -> None:
        """A moment was looked at by the captioner, whose word on what is seen counts once it has outlived the action:
        what is grasped may slip on the way up.

        Args:
            stamp: of the moment.
            true: sentences over their thresholds in it.
            seen: those that have been so for long enough to be believed.
        """
        if self.phase is not Phase.WATCHING or stamp <= self._since:
            return
        self._stamps.append(stamp)
        seen = self._outlived.judge(stamp, true) & frozenset(seen)
        if self.sentence in seen or (self.sentence not in true and self._hopeless()):
            self.pursuit.judge(seen)
            self.phase = Phase.AIMING

    def interrupt(self, now: float) -> None:
        """The arm was stopped: forget the motion, and act anew once everything rests and sees."""
        if self.phase is not Phase.ENDED:
            self._runner = None
            self.phase, self._since = Phase.SETTLING, now

    def give_up_motion(self, now: float, why: str) -> None:
        """A move was refused, and the arm rests: look at what is true, then try again."""
        self.trouble = why
        self._runner = None
        if self.phase is not Phase.ENDED:
            self._watch(now)

    def extend(self, seconds: float) -> None:
        """The time limit did not run for so long: the arm was stopped by a person."""
        self._deadline += seconds

    def fail(self, reason: str) -> None:
        """End without success."""
        self.pursuit.fail(reason)
        self.phase = Phase.ENDED

    def _watch(self, now: float) -> None:
        self.phase, self._since = Phase.WATCHING, now
        self._outlived.forget()
        self._stamps = []

    def _act(self, now: float, state: State, q: np.ndarray, gripper: float | None) -> list[Move]:
        goal = self.pursuit.aim(state.holding)
        if goal is None:
            self.phase = Phase.ENDED
            return []
        x_min, x_max, y_min, y_max = self._arm.basket
        self.actions += 1
        self.trouble = ""
        try:
            action = np.clip(self._choose(state, goal.sentence), [x_min, y_min], [x_max, y_max])
            self._runner = MotionRunner(self._arm, self._motions.act(action, state, q, gripper))
        except Unreachable as error:
            self.trouble = str(error)
            self._watch(now)
            return []
        self.phase = Phase.MOVING
        return self._move(now, q)

    def _move(self, now: float, q: np.ndarray) -> list[Move]:
        moves = self._runner.step(now, q)
        if self._runner.done:
            self.trouble = self._runner.failed or ""
            self._watch(now)
        return moves

    def _hopeless(self) -> bool:
        """Whether the moments that are left are too few, and too short, for what is not true yet to be seen in them."""
        if len(self._stamps) <= WATCHED - MOMENTS:
            return False
        first, *_, before, last = self._stamps
        seen_at_the_earliest = last + (last - before) + SECONDS
        return seen_at_the_earliest >= first + (1.0 - SLACK) * self._watch_seconds
