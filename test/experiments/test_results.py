# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.errors import UserError
from unified_agent.experiments.results import Results


def test_finished_parts_are_found_again(tmp_path):
    Results(tmp_path / "r.jsonl").add("a", {"success": 1})
    again = Results(tmp_path / "r.jsonl")
    assert "a" in again and again["a"] == {"success": 1} and "b" not in again


def test_a_line_that_was_cut_off_is_dropped_and_written_again(tmp_path):
    path = tmp_path / "r.jsonl"
    Results(path).add("a", {"x": 1})
    with path.open("a") as file:
        file.write('{"key": "b", "ro')
    cut = Results(path)
    assert "b" not in cut
    cut.add("b", {"x": 2})
    assert Results(path)["b"] == {"x": 2}


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "r.jsonl").write_text("hello\n")
    with pytest.raises(UserError, match="no result"):
        Results(tmp_path / "r.jsonl")
