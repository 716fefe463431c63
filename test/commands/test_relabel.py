# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter


@pytest.mark.parametrize(
    ("name", "text"), [("s.txt", ""), ("s.yaml", "5"), ("s.yaml", "a: b"), ("s.yaml", "a: ["), ("missing.txt", None)]
)
def test_sentences_that_cannot_be_read_are_refused(tmp_path, capsys, name, text):
    BagWriter(tmp_path / "bag").close()
    if text is not None:
        (tmp_path / name).write_text(text)
    words = ["relabel", str(tmp_path / "bag"), "--sentences", str(tmp_path / name), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "entences" in capsys.readouterr().err


def test_a_bag_that_cannot_be_read_is_named_and_the_status_says_so(tmp_path, capsys):
    (tmp_path / "broken.mcap").write_bytes(b"no bag")
    assert main(["relabel", str(tmp_path / "broken.mcap"), "--out", str(tmp_path / "out"), "--json"]) == 1
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(result["failed"]) == [str(tmp_path / "broken.mcap")]


def test_two_bags_that_would_be_written_to_one_place_are_refused(tmp_path, capsys):
    for run in ("a", "b"):
        BagWriter(tmp_path / run / "run" / "bag").close()
    assert main(["relabel", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "out")]) == 2
    assert "same name" in capsys.readouterr().err
