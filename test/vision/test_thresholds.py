# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.documents import BadDocument
from unified_agent.vision.thresholds import read_thresholds


def test_sentences_are_read_with_their_thresholds(tmp_path):
    (tmp_path / "t.yaml").write_text("# by hand\na  cat sits: 0.25\n'a dog: stands': 1\n")
    assert read_thresholds(tmp_path / "t.yaml") == {"a cat sits": 0.25, "a dog: stands": 1.0}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "mapping"),
        ("{}", "names no sentence"),
        ("- a cat", "mapping"),
        ("a cat: high", "'a cat'"),
        ("a cat: 1.5", "1.5"),
        ("a cat: .nan", "nan"),
        ("a cat: true", "True"),
        ("a cat: [0.2]", "list"),
        ("1: 0.2", "names"),
        ("a: &a [*a]", "plain values"),
        ("a cat: 0.2: 3", "plain values"),
    ],
)
def test_malformed_thresholds_are_told(tmp_path, text, why):
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(BadDocument, match=why):
        read_thresholds(tmp_path / "t.yaml")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadDocument, match="cannot be read"):
        read_thresholds(tmp_path / "none.yaml")
