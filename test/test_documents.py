# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from unified_agent.documents import BadDocument, json_of, mapping, one_line, read_text, shown, yaml_of


def laughs(levels):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [laughs(12), "&a [*a]", "[" * 5000, "{1: 2", "a: !!python/object:os.system x", "? [a]\n: b", "9" * 9000, "\0"],
)
def test_yaml_that_is_no_plain_document_is_refused(text):
    with pytest.raises(BadDocument, match="here.yaml"):
        yaml_of(text, "here.yaml")


def test_an_impossible_date_is_text():
    assert yaml_of("when: 2026-99-99", "") == {"when": "2026-99-99"}


def test_a_few_aliases_are_read():
    assert yaml_of("a: &a [1, 2]\nb: *a", "") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "", "nul", "1" * 9000])
def test_json_that_is_none_is_refused(text):
    with pytest.raises(BadDocument, match="here.json"):
        json_of(text, "here.json")


def test_what_is_larger_than_the_limit_is_refused_unread(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 2000)
    with pytest.raises(BadDocument, match="2000 bytes"):
        read_text(tmp_path / "large", 1000)
    with pytest.raises(BadDocument, match="at most 1"):
        yaml_of("xx", "", limit=1)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadDocument, match="no regular file"):
        read_text(tmp_path / "pipe")


def test_a_mapping_of_names_is_expected():
    with pytest.raises(BadDocument, match="a list of 1"):
        mapping([1], "x")
    with pytest.raises(BadDocument, match="not 1"):
        mapping({1: 2}, "x")


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "- 1\n" * 300_000])
def test_yaml_that_is_too_deep_or_too_long_is_refused_before_it_is_put_together(text):
    with pytest.raises(BadDocument, match="nested more than|more than"):
        yaml_of(text, "x")


def test_a_number_of_many_digits_can_be_shown():
    assert shown(1 << 100_000) == "a number of too many digits"


def test_a_text_for_people_is_one_short_line_that_steers_no_terminal():
    assert one_line("a\n b\x1b[2Jc\u202e") == "a b [2Jc"
    assert len(one_line("x" * 10**6, 50)) == 50
