# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.language.refusal import Refusal, check_text


@pytest.mark.parametrize(
    ("instruction", "why"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("stack " * 2000, "12000 characters"),
        ("red\x00on blue", r"'\\x00'"),
        ("red \x1b[2J", "control"),
    ],
)
def test_text_that_is_no_instruction_is_refused_before_a_model_reads_it(instruction, why):
    with pytest.raises(Refusal, match=why) as caught:
        check_text(instruction)
    assert caught.value.reason == "input"


def test_line_breaks_and_other_alphabets_are_read():
    assert check_text(" Würfel\n auf den\tblauen ") == "Würfel auf den blauen"
