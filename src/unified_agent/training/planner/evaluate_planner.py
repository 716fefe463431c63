# SPDX-License-Identifier: Apache-2.0
"""How often a planner is right on instructions written by hand, with each of its pieces in place or left out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from unified_agent.documents import BadDocument, mapping, read_text, yaml_of
from unified_agent.errors import UserError
from unified_agent.language.grammar import END
from unified_agent.language.plan import Plan
from unified_agent.language.planner import Backend, plan_of_lines, write
from unified_agent.language.refusal import Refusal
from unified_agent.language.subgoals import SubGoal, UnknownSentence

_MAX_FREE_TOKENS = 150


@dataclass(frozen=True)
class Answers:
    """Instructions with the right answers: (instruction, moves) of ``Plan.of_moves``, and what must be refused."""

    plans: tuple[tuple[str, str], ...]
    refusals: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """The answers of a YAML file with the keys ``plans`` and ``refusals``.

        Raises:
            UserError: the file is missing or has another form.
        """
        if not path.exists():
            raise UserError(f"No file {path}: expected YAML with instructions and their plans.")
        try:
            data = mapping(yaml_of(read_text(path), str(path)), str(path))
            return cls(
                tuple((str(said), str(meant)) for said, meant in data["plans"]), tuple(map(str, data["refusals"]))
            )
        except BadDocument as error:
            raise UserError(f"{error} Expected YAML with instructions and their plans.") from None
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{path} is not of the form 'plans: [[instruction, moves], ...], refusals: [...]' ({error})."
            ) from None


@dataclass(frozen=True)
class Verdict:
    """One answer: right or not, what was said, what came of it and how long it took (seconds)."""

    right: bool
    instruction: str
    expected: str
    answer: str
    seconds: float


def evaluate(
    backend: Backend,
    answers: Answers,
    grammar: bool = True,
    check: bool = True,
    progress: Callable[[Verdict], None] = lambda _: None,
) -> dict:
    """Figures of a back end.

    Args:
        backend: the language model.
        answers: what is right.
        grammar: False lets the model write anything; what is no plan then counts as wrong, even as a refusal.
        check: False takes plans as written, even impossible ones.
        progress: called after every instruction.

    Returns:
        ``plans`` and ``refusals``: shares answered right, in [0, 1]; ``seconds_median`` and ``seconds_worst`` of an
        answer.
    """
    verdicts: dict[str, list[Verdict]] = {"plans": [], "refusals": []}
    asked = [("plans", said, Plan.of_moves(meant)) for said, meant in answers.plans] + [
        ("refusals", said, None) for said in answers.refusals
    ]
    for group, said, meant in asked:
        begun = time.perf_counter()
        lines = write(backend, said) if grammar else write_freely(backend, said)
        came, refused = _outcome(lines, said, check)
        right = refused if meant is None else came == meant.subgoals
        verdict = Verdict(
            right, said, str(meant) if meant else "refused", " / ".join(lines), time.perf_counter() - begun
        )
        verdicts[group].append(verdict)
        progress(verdict)
    seconds = sorted(verdict.seconds for group in verdicts.values() for verdict in group)
    shares = {group: sum(verdict.right for verdict in found) / max(1, len(found)) for group, found in verdicts.items()}
    return {**shares, "seconds_median": seconds[len(seconds) // 2], "seconds_worst": seconds[-1]}


def _outcome(lines: Sequence[str], said: str, check: bool) -> tuple[tuple[SubGoal, ...] | None, bool]:
    """(sub-goals or None, whether it was refused); both empty for what is no plan."""
    if not lines:
        return None, False
    try:
        if not check and not lines[0].startswith("refused"):
            return tuple(SubGoal.parse(line) for line in lines[:-1]), False
        return plan_of_lines(lines, said).subgoals, False
    except Refusal:
        return None, True
    except UnknownSentence:
        return None, False


def write_freely(backend: Backend, instruction: str) -> list[str]:
    """The lines of the model's answer without a grammar, up to a line ``end`` or a refusal."""
    session = backend.begin(instruction)
    tokens: list[int] = []
    unread: list[int] = []
    for _ in range(_MAX_FREE_TOKENS):
        scores = session.scores(unread)
        unread = [max(range(len(scores)), key=scores.__getitem__)]
        tokens += unread
        lines = [
            line.strip() for line in backend.decode(tokens).replace(backend.separator.strip() or "\n", "\n").split("\n")
        ]
        finished = lines[:-1]
        if END in finished:
            return [line for line in finished[: finished.index(END) + 1] if line]
        if finished and finished[0].startswith("refused"):
            return finished[:1]
    return []
