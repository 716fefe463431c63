# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter

STRING = "std_msgs/msg/String"


def test_a_recording_that_teaches_nothing_fails_and_says_why(tmp_path, capsys):
    with BagWriter(tmp_path / "theirs") as bag:
        bag.add_topic("/chatter", STRING)
    words = ["learn-from", str(tmp_path / "theirs"), "--out", str(tmp_path / "out"), "--json"]
    assert main(words) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any("Nothing was learnt" in line for line in lines)
    assert "/joint_states" in json.loads(lines[-1])["left_out"][str(tmp_path / "theirs")]


@pytest.mark.parametrize("pair", ["fr3_joint1", "=panda_joint1", "fr3_joint1="])
def test_a_joint_that_is_no_pair_of_names_is_refused(tmp_path, capsys, pair):
    assert main(["learn-from", str(tmp_path), "--out", str(tmp_path / "out"), "--joint", pair]) == 2
    assert "OURS=THEIRS" in capsys.readouterr().err
