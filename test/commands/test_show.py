# SPDX-License-Identifier: Apache-2.0
from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter


def test_what_is_no_video_or_picture_is_refused_before_anything_is_drawn(tmp_path, capsys):
    BagWriter(tmp_path / "bag").close()
    assert main(["show", str(tmp_path / "bag"), "--out", str(tmp_path / "x.gif")]) == 2
    assert "ends in .mp4" in capsys.readouterr().err


def test_a_recording_without_pictures_leaves_no_file(tmp_path, capsys):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/front", "sensor_msgs/msg/Image")
    assert main(["show", str(tmp_path / "bag"), "--out", str(tmp_path / "x.png")]) == 2
    assert "no frame" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["bag"]
