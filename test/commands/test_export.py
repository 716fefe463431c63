# SPDX-License-Identifier: Apache-2.0
from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter


def test_a_dataset_is_not_written_where_other_files_lie(tmp_path, capsys):
    BagWriter(tmp_path / "bag").close()
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "notes.txt").touch()
    assert main(["export", str(tmp_path / "bag"), "--out", str(tmp_path / "dataset")]) == 2
    assert "nothing is written where other files lie" in capsys.readouterr().err


def test_recordings_without_an_instruction_are_not_exported_in_silence(tmp_path, capsys):
    with BagWriter(tmp_path / "bag") as bag:
        bag.add_topic("/front", "sensor_msgs/msg/Image")
    assert main(["export", str(tmp_path / "bag"), "--out", str(tmp_path / "dataset")]) == 1
    assert "--task" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["bag"]
