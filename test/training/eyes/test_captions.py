# SPDX-License-Identifier: Apache-2.0
import random

from unified_agent.language.subgoals import OBJECTS, VOCABULARY
from unified_agent.training.eyes.captions import paraphrases, strange


def test_the_first_way_to_say_a_sub_goal_is_its_own_sentence():
    assert [paraphrases(goal)[0] for goal in VOCABULARY] == [goal.sentence for goal in VOCABULARY]


def test_no_caption_means_two_sub_goals():
    said = [sentence for goal in VOCABULARY for sentence in paraphrases(goal)]
    assert len(said) == len(set(said)) > 400


def test_a_caption_names_just_the_objects_of_its_sub_goal():
    for goal in VOCABULARY:
        named = {goal.subject, goal.support} - {None}
        assert all({colour for colour in OBJECTS if colour in s.split()} == named for s in paraphrases(goal))


def test_a_strange_sentence_lacks_the_subject():
    for goal in VOCABULARY:
        sentence = strange(goal.sentence, goal.subject, ["yellow"], random.Random(0))
        assert "yellow" in sentence.split()
        assert goal.subject not in sentence.split()
