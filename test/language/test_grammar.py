# SPDX-License-Identifier: Apache-2.0
import random

import pytest

from unified_agent.language.grammar import END, Grammar
from unified_agent.language.plan import MAX_SUBGOALS
from unified_agent.language.refusal import REASONS
from unified_agent.language.subgoals import VOCABULARY


def letters(text):
    return [ord(letter) for letter in text]


def written(grammar, choose):
    writer = grammar.writer()
    while not writer.done:
        writer.write(choose(writer.allowed))
    return writer.lines


def follow(grammar, lines):
    writer = grammar.writer()
    for token in grammar.tokens(lines):
        writer.write(token)
    return writer


def test_whatever_is_chosen_only_known_lines_are_written():
    known = {goal.sentence for goal in VOCABULARY} | {line for line, _ in REASONS.values()} | {END}
    grammar = Grammar(letters)
    for seed in range(200):
        lines = written(grammar, random.Random(seed).choice)
        assert set(lines) <= known
        assert len(lines) <= MAX_SUBGOALS + 1


def test_an_answer_is_a_plan_or_a_refusal_and_never_nothing():
    writer = Grammar(letters).writer()
    assert {chr(token) for token in writer.allowed} == {"t", "r"}


def test_a_refusal_ends_the_answer():
    assert follow(Grammar(letters), ["refused: impossible"]).done


def test_a_plan_goes_on_until_it_is_ended():
    sentences = [VOCABULARY[0].sentence, VOCABULARY[3].sentence]
    assert not follow(Grammar(letters), sentences).done
    assert follow(Grammar(letters), [*sentences, END]).lines == [*sentences, END]


def test_a_plan_cannot_go_on_forever():
    writer = follow(Grammar(letters), [VOCABULARY[0].sentence] * MAX_SUBGOALS)
    assert [chr(token) for token in writer.allowed] == ["e"]


def test_a_sentence_that_is_not_in_the_vocabulary_cannot_be_written():
    with pytest.raises(KeyError):
        follow(Grammar(letters), ["the red object is on top of the red object"])
