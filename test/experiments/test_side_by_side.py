# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from unified_agent.experiments.results import Results
from unified_agent.experiments.side_by_side import Part, finish

# A function that other processes can import, which gives what it is told, or fails.
work = json.loads


def test_parts_are_made_once_and_kept(tmp_path):
    finish([Part("a", work, ('{"given": 1}',)), Part("b", work, ('{"given": 2}',))], Results(tmp_path / "r"), 2, "test")
    again = Results(tmp_path / "r")
    finish([Part("a", work, ("it is there",)), Part("c", work, ('{"given": 3}',))], again, 2, "test")
    assert [again[key]["given"] for key in "abc"] == [1, 2, 3]


def test_what_goes_wrong_in_one_ends_all_and_what_was_done_is_kept(tmp_path):
    more = [Part(str(n), work, ('{"given": 9}',)) for n in range(200)]
    with pytest.raises(json.JSONDecodeError):
        finish([Part("a", work, ('{"given": 1}',)), Part("b", work, ("{",)), *more], Results(tmp_path / "r"), 1, "test")
    kept = Results(tmp_path / "r")
    assert kept["a"] == {"given": 1} and "199" not in kept
