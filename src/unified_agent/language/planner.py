# SPDX-License-Identifier: Apache-2.0
"""From an instruction to a plan, by a language model that can only write known sentences."""

from collections.abc import Sequence
from typing import Protocol

from unified_agent.language.grammar import Grammar
from unified_agent.language.plan import ImpossiblePlan, Plan, check
from unified_agent.language.refusal import REASONS, Refusal, check_text
from unified_agent.language.subgoals import SubGoal

REMEMBERED = 100
"""Instructions whose answers are kept: the same words have the same answer."""


class Session(Protocol):
    """One answer being written by a model."""

    def scores(self, tokens: Sequence[int]) -> Sequence[float]:
        """Take the tokens written since the last call; the score of every token as the next one."""


class Backend(Protocol):
    """A language model, with the grammar of its tokens.

    Attributes:
        grammar: what it may write.
        reads_all: it is shown every token of its answer; otherwise only those it chose, which is quicker, and all
            that a model trained that way needs.
    """

    grammar: Grammar
    reads_all: bool

    def begin(self, instruction: str) -> Session:
        """Show the model an instruction."""

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""


class Planner:
    """Writes plans, or refuses. It knows no state of the world: a plan fits any start."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._answers: dict[str, list[str]] = {}

    @classmethod
    def load(cls, spec: str = "smollm2", device: str = "cpu") -> "Planner":
        """A planner by its name: ``smollm2`` or ``hf:<model id or folder>[@revision]`` (see ``backends.load``).

        Raises:
            UserError: no such planner or device, or its model cannot be read.
        """
        from unified_agent.language import backends

        return cls(backends.load(spec, device))

    def plan(self, instruction: str) -> Plan:
        """The plan for an instruction.

        Raises:
            Refusal: there is none; the message says why.
        """
        text = check_text(instruction)
        if text not in self._answers:
            if len(self._answers) >= REMEMBERED:
                self._answers.clear()
            self._answers[text] = write(self._backend, text)
        return plan_of_lines(self._answers[text], text)


def write(backend: Backend, instruction: str) -> list[str]:
    """The lines of the model's answer: at every choice, the allowed token that it scores highest.

    Tokens that the grammar forces are not asked for.
    """
    writer, session = backend.grammar.writer(), backend.begin(instruction)
    unseen: list[int] = []
    while not writer.done:
        allowed = writer.allowed
        if len(allowed) > 1:
            scores = session.scores(unseen)
            unseen = []
            token = max(allowed, key=lambda token: float(scores[token]))
        else:
            (token,) = allowed
        writer.write(token)
        if len(allowed) > 1 or backend.reads_all:
            unseen.append(token)
    return writer.lines


def plan_of_lines(lines: Sequence[str], instruction: str) -> Plan:
    """The checked plan of a finished answer.

    Raises:
        Refusal: the answer is a refusal, or a plan that cannot be carried out.
    """
    for reason, (line, message) in REASONS.items():
        if lines[0] == line:
            raise Refusal(reason, f"The instruction is refused: {message}")
    plan = Plan(tuple(SubGoal.parse(line) for line in lines[:-1]), instruction)
    try:
        check(plan.subgoals)
    except ImpossiblePlan as error:
        raise Refusal("check", f"The instruction is refused, because its plan is impossible: {error}") from None
    return plan
