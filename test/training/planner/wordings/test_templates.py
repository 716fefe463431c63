# SPDX-License-Identifier: Apache-2.0
import random

from unified_agent.training.planner.wordings.templates import expand


def all_of(template, **slots):
    return {expand(template, random.Random(seed), **slots) for seed in range(200)}


def test_one_of_the_alternatives_is_said():
    assert all_of("[put|set] it") == {"put it", "set it"}


def test_an_empty_alternative_leaves_no_double_space():
    assert all_of("take [it|] away") == {"take it away", "take away"}


def test_alternatives_nest():
    assert all_of("[a [b|c]|d]") == {"a b", "a c", "d"}


def test_slots_are_filled_after_the_choice():
    assert all_of("[{x}|{y}] now", x="red", y="[blue]") == {"red now", "[blue] now"}
