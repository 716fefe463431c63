# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.language.negation import denial
from unified_agent.language.subgoals import SENTENCES


@pytest.mark.parametrize(
    "sentence",
    [
        "the green object is not on the table",
        "The red cube ISN'T on the table.",
        "the red cube isnt on the table",
        "the red cube isn’t held",
        "the robot cannot grasp it",
        "no object is on the table",
        "the red object is no longer there",
        "the robot never holds it",
        "a gripper without an object",
        "neither box is red",
        "none of the boxes is red",
        "there is no sign of the cup",
        "no red sign stands on the table",
        "nobody is in the picture",
        "nothing is on the table",
        "the table is free of objects",
        "the basket is empty of boxes",
        "every object except the red one",
        "the red object is missing",
        "the robot fails to grasp the red object",
        "a non-red object",
        "the red object is ungrasped",
        "ｎｏｔ red",
        "the red object is not_on the table",
    ],
)
def test_a_sentence_that_denies_something_is_recognised(sentence):
    assert denial(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        *SENTENCES,
        "the robot ties a knot",
        "a notebook on the table",
        "the cannon stands north of the notice",
        "a noble nun with a nose",
        "the box No. 5",
        "a no parking sign",
        "the hand stops short of the box",
        "a text in sans serif",
        "I want the front of the instant print",
        'a sign that says "no entry"',
        "the gripper is empty",
        "a non-stick pan",
        "the union of uncovered pots",
        "the free hand of the robot",
        "another object is under it",
    ],
)
def test_a_sentence_that_says_what_is_there_is_not_taken_for_a_denial(sentence):
    assert denial(sentence) is None
