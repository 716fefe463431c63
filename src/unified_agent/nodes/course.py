# SPDX-License-Identifier: Apache-2.0
"""How an instruction fares, told from what the graph's nodes say on its topics."""

import time

from diagnostic_msgs.msg import DiagnosticStatus

from unified_agent.nodes import messages

SUCCESS, FAILURE, REFUSED, CANCELLED = "success", "failure", "refused", "cancelled"
# How the policy begins its state after a plan that it cannot carry out, and the figure that counts them.
PLAN_REFUSED, PLANS_REFUSED = "plan refused", "plans refused"
# The planner's figures by which who said an instruction knows that it was heard.
HEARD, TIMES_HEARD = "heard", "times heard"
# Letters of an instruction that are shown on /diagnostics.
SHOWN = 200


class Course:
    """The course of one instruction, from its being said to the end of its episode.

    Attributes:
        instruction: with single spaces; empty: whichever episode starts next.
        plan: sentences of the newest plan.
        subgoal: that is pursued; empty when none is.
        caption: what is seen in the newest frames.
        reached: sentences reached in its episode.
        outcome: ``success``, ``failure: <why>`` or ``refused: <why>`` once it ended; empty before.
        seconds: wall time from the episode's start to its end.
        diagnostics: node -> newest status.
    """

    def __init__(self, instruction: str = "", diagnostics: dict[str, DiagnosticStatus] | None = None) -> None:
        self.plan: tuple[str, ...] = ()
        self.subgoal = self.caption = ""
        self.diagnostics = {} if diagnostics is None else dict(diagnostics)
        self.begin(instruction)

    def begin(self, instruction: str) -> None:
        """Follow the next episode; of that instruction, where it is not empty."""
        self.reached: list[str] = []
        self.outcome, self.seconds = "", 0.0
        self.instruction = " ".join(instruction.split())
        self.started: float | None = None
        self._unplanned = False
        self._refused_before = self.count("policy", PLANS_REFUSED)
        self._heard_before = self.count("planner", TIMES_HEARD)

    @property
    def heard(self) -> bool:
        """Whether the planner has taken note of the instruction."""
        new = self.count("planner", TIMES_HEARD) > self._heard_before
        return new and self.named(self.figure("planner", HEARD))

    def named(self, text: str) -> bool:
        """Whether what a node shows of an instruction is the one that is followed."""
        return text == self.instruction[:SHOWN]

    @property
    def tries(self) -> int:
        """Actions on the sub-goal that is pursued."""
        return self.count("policy", "tries")

    def figure(self, node: str, key: str) -> str:
        """A value of a node's newest diagnostics; empty where there is none."""
        status = self.diagnostics.get(node)
        return next((entry.value for entry in status.values if entry.key == key), "") if status else ""

    def count(self, node: str, key: str) -> int:
        """A figure that is a whole number; 0 where there is none."""
        text = self.figure(node, key)
        return int(text) if text.isdigit() else 0

    def hear_plan(self, text: str) -> None:
        """Something was said on the topic of the plan."""
        self.plan = messages.plan_sentences(text)
        if not self.plan and self.started is None:
            self._unplanned = True
            self._look_for_refusal()

    def hear_subgoal(self, sentence: str) -> None:
        """Another sub-goal is pursued, or none."""
        self.subgoal = sentence

    def hear_caption(self, sentence: str) -> None:
        """Something was seen."""
        self.caption = sentence

    def hear_reached(self, sentence: str) -> None:
        """A sub-goal was seen to be reached."""
        self.reached.append(sentence)

    def hear_episode(self, text: str) -> bool:
        """An episode starts or ends; True where it is the end of the one that is followed."""
        verb, _, rest = text.partition(" ")
        if verb == "start" and (self.instruction in ("", rest) or self.outcome):
            self.begin(rest)
            self.started = time.monotonic()
        elif verb == "end" and self.started is not None and not self.outcome:
            self.outcome, self.seconds = rest, time.monotonic() - self.started
            return True
        return False

    def hear_status(self, status: DiagnosticStatus) -> None:
        """A node tells how it is."""
        self.diagnostics[status.name] = status
        self._look_for_refusal()

    def _look_for_refusal(self) -> None:
        """A refusal has its reason on /diagnostics: of the planner with an empty plan, of the policy alone."""
        if self.outcome or self.started is not None:
            return
        planner, policy = self.diagnostics.get("planner"), self.diagnostics.get("policy")
        if self._unplanned and planner is not None and planner.message.startswith(REFUSED):
            self.outcome = planner.message
        elif (
            policy is not None
            and policy.message.startswith(PLAN_REFUSED)
            and self.count("policy", PLANS_REFUSED) > self._refused_before
        ):
            self.outcome = f"{REFUSED}: {policy.message}"
