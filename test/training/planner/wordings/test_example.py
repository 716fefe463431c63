# SPDX-License-Identifier: Apache-2.0
import random
import re

import pytest

from unified_agent.language.plan import Plan, check
from unified_agent.language.refusal import REASONS, check_text
from unified_agent.language.subgoals import OBJECTS
from unified_agent.training.planner.wordings import example, noise, refused, requests, tongues


@pytest.fixture(scope="module")
def examples():
    rng = random.Random(7)
    return [example(rng) for _ in range(3000)]


def test_every_plan_of_the_generator_can_be_carried_out(examples):
    for item in examples:
        if item.moves:
            check(Plan.of_moves(item.moves).subgoals)


def test_an_example_has_either_a_plan_or_a_reason(examples):
    for item in examples:
        assert bool(item.moves) != (item.reason in REASONS)


def test_every_instruction_passes_the_input_check(examples):
    for item in examples:
        check_text(item.instruction)


def test_no_notation_is_left_in_a_request(examples):
    for item in examples:
        if item.moves:
            assert not re.search(r"[{}\[\]|]", item.instruction), item


def test_the_same_seed_gives_the_same_examples(examples):
    rng = random.Random(7)
    assert [example(rng) for _ in range(50)] == examples[:50]


def test_wordings_hardly_repeat(examples):
    assert len({item.instruction for item in examples}) > 0.97 * len(examples)


def test_all_pairs_all_towers_and_all_reasons_occur(examples):
    moves, reasons = {item.moves for item in examples}, {item.reason for item in examples}
    for top in OBJECTS:
        for other in set(OBJECTS) - {top}:
            (third,) = set(OBJECTS) - {top, other}
            assert {top, f"{top}/{other}", f"{top}/table", f"{other}/{third} {top}/{other}"} <= moves
    assert reasons == {"", *REASONS}


@pytest.mark.parametrize("seed", range(50))
def test_the_objects_of_a_named_tower_are_all_named(seed):
    instruction, moves = requests.whole_tower(random.Random(seed))
    assert moves.count("/") == 2
    assert len(instruction.split()) >= 3


def test_a_politely_worded_wish_is_not_turned_into_a_command():
    texts = {noise.polite("red on blue", True, random.Random(seed)) for seed in range(200)}
    assert not any(text.startswith(("could you", "would you mind")) for text in texts)


def test_typing_errors_leave_the_text_recognisable():
    text = "put the green block on the blue block"
    for seed in range(100):
        wrong = noise.misspelt(text, random.Random(seed))
        assert len(wrong.split()) == len(text.split())
        assert abs(len(wrong) - len(text)) <= 4


@pytest.mark.parametrize("seed", range(30))
def test_other_languages_contract_their_articles(seed):
    instruction, _ = tongues.request(random.Random(seed))
    assert not re.search(r"\b(de el|a el|su il|di il|a il|de le)\b", instruction)


def test_an_impossible_request_names_an_object_or_a_number():
    rng = random.Random(0)
    for _ in range(100):
        instruction, reason = refused.impossible(rng)
        assert reason == "impossible"
        assert instruction
