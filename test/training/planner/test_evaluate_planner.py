# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from unified_agent.errors import UserError
from unified_agent.language.grammar import Grammar
from unified_agent.language.plan import Plan, check
from unified_agent.training.planner.evaluate_planner import Answers, evaluate, write_freely

INSTRUCTIONS = Path(__file__).parents[2] / "language" / "instructions"


class Parrot:
    """A language model that writes the same answer to everything."""

    separator = "\n"
    reads_all = True

    def __init__(self, answer):
        self._answer = [ord(letter) for letter in answer]
        self.grammar = Grammar(lambda text: [ord(letter) for letter in text])

    def decode(self, tokens):
        return "".join(map(chr, tokens))

    def begin(self, instruction):
        return ParrotSession(self._answer)


class ParrotSession:
    def __init__(self, answer):
        self._answer, self._said = answer, 0

    def scores(self, tokens):
        self._said += len(tokens)
        scores = [0.0] * 128
        scores[self._answer[self._said]] = 1.0
        return scores


HOLD_RED = "the robot is grasping the red object\nend\n"
HOLD_BOTH = "the robot is grasping the red object\nthe robot is grasping the blue object\nend\n"
ANSWERS = Answers(plans=(("red", "red"), ("blue", "blue")), refusals=("hello",))


def test_exact_plans_and_refusals_are_counted():
    figures = evaluate(Parrot(HOLD_RED), ANSWERS)
    assert (figures["plans"], figures["refusals"]) == (0.5, 0.0)
    figures = evaluate(Parrot("refused: unclear\n"), ANSWERS)
    assert (figures["plans"], figures["refusals"]) == (0.0, 1.0)


def test_without_the_check_an_impossible_plan_is_not_refused():
    assert evaluate(Parrot(HOLD_BOTH), ANSWERS)["refusals"] == 1.0
    assert evaluate(Parrot(HOLD_BOTH), ANSWERS, check=False)["refusals"] == 0.0


def test_without_the_grammar_a_model_writes_what_it_likes():
    assert write_freely(Parrot(HOLD_RED), "red") == ["the robot is grasping the red object", "end"]
    assert write_freely(Parrot("I like red things. " * 20), "red") == []
    figures = evaluate(Parrot("I like red things. " * 20), ANSWERS, grammar=False)
    assert (figures["plans"], figures["refusals"]) == (0.0, 0.0)


@pytest.mark.parametrize("half", ["dev", "held_out"])
def test_the_instructions_written_by_hand_have_plans_that_can_be_carried_out(half):
    answers = Answers.read(INSTRUCTIONS / f"{half}.yaml")
    assert len(answers.plans) >= 75
    assert len(answers.refusals) >= 30
    for _, moves in answers.plans:
        check(Plan.of_moves(moves).subgoals)


def test_the_halves_share_no_instruction():
    dev, held_out = (Answers.read(INSTRUCTIONS / f"{half}.yaml") for half in ("dev", "held_out"))
    assert not {said for said, _ in dev.plans} & {said for said, _ in held_out.plans}
    assert not set(dev.refusals) & set(held_out.refusals)


def test_a_file_of_another_form_is_named(tmp_path):
    with pytest.raises(UserError, match="No file"):
        Answers.read(tmp_path / "none.yaml")
    (tmp_path / "odd.yaml").write_text("plans: 3")
    with pytest.raises(UserError, match="not of the form"):
        Answers.read(tmp_path / "odd.yaml")
