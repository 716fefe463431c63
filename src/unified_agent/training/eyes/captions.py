# SPDX-License-Identifier: Apache-2.0
"""Captions: the many ways to say a sub-goal, for teaching CLIP what its sentences mean."""

import random

from unified_agent.language.subgoals import Relation, SubGoal

NOUNS = ("object", "cube", "block", "box")

# {a} is what the sentence is about, {b} what lies below it; {a} and {b} become "red object" and the like.
TEMPLATES: dict[Relation, tuple[str, ...]] = {
    Relation.GRASPING: (
        "the robot is grasping the {a}",
        "the robot holds the {a}",
        "the robot is holding the {a}",
        "the gripper is holding the {a}",
        "the {a} is in the gripper",
        "the {a} is between the fingers of the robot",
        "the {a} is held by the robot",
        "the {a} is grasped by the robot",
        "the robot has lifted the {a}",
        "the robot has picked up the {a}",
        "a robot arm grasping the {a}",
        "a photo of a gripper with the {a} in it",
    ),
    Relation.ON_TOP_OF: (
        "the {a} is on top of the {b}",
        "the {a} is on the {b}",
        "the {a} is stacked on the {b}",
        "the {a} rests on the {b}",
        "the {a} sits on top of the {b}",
        "the {a} lies on the {b}",
        "the {b} is under the {a}",
        "the {b} is below the {a}",
        "the {b} supports the {a}",
        "the {b} carries the {a}",
        "a photo of the {a} on top of the {b}",
        "a stack with the {a} directly above the {b}",
    ),
    Relation.ON_TABLE: (
        "the {a} is on the table",
        "the {a} lies on the table",
        "the {a} rests on the table",
        "the {a} sits on the table",
        "the {a} is standing on the table",
        "the table supports the {a}",
        "the table is under the {a}",
        "the {a} touches the table",
        "a photo of the {a} on the table",
        "the {a} is directly on the table",
    ),
}


def paraphrases(goal: SubGoal) -> list[str]:
    """Every way to say a sub-goal; the sentence of the vocabulary comes first."""
    return [_fill(template, goal, noun) for noun in NOUNS for template in TEMPLATES[goal.relation]]


def strange(sentence: str, thing: str, words: list[str], rng: random.Random) -> str:
    """A sentence with what it is about exchanged for a word that names nothing in the scene.

    Such a sentence is never true: it teaches that an unknown thing is not in the picture.
    """
    return sentence.replace(thing, rng.choice(words), 1)


def _fill(template: str, goal: SubGoal, noun: str) -> str:
    return template.format(a=f"{goal.subject} {noun}", b=f"{goal.support} {noun}")
