# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.cli import main
from unified_agent.recording.facts import EpisodeFacts
from unified_agent.recording.lerobot.rows import RecordedRows
from unified_agent.recording.lerobot.sources import SignalTopics
from unified_agent.recording.reader import BagReader

from .conftest import CAMERAS


def rows_of(bag, cameras):
    reader = BagReader(bag)
    return list(RecordedRows(reader, cameras, SignalTopics.of(reader)).rows(10))


def test_a_recording_comes_back_from_a_dataset(bag, tmp_path):
    assert main(["export", str(bag), "--out", str(tmp_path / "dataset")]) == 0
    assert main(["import", str(tmp_path / "dataset"), "--out", str(tmp_path / "back")]) == 0
    topics = tuple(f"/camera/{camera}/image_raw" for camera in CAMERAS)
    before = rows_of(bag, topics)
    after = rows_of(tmp_path / "back" / "episode_000", topics)
    assert [row.joints["elbow"] for row in after] == pytest.approx([m.joints["elbow"] for m in before])
    assert [m.frames[0].mean() for m in after] == pytest.approx([m.frames[0].mean() for m in before], abs=3)
    assert EpisodeFacts.read(tmp_path / "back" / "episode_000").instruction == "take the red one"


def test_an_episode_that_is_there_is_left_as_it_is(bag, tmp_path, capsys):
    main(["export", str(bag), "--out", str(tmp_path / "dataset")])
    main(["import", str(tmp_path / "dataset"), "--out", str(tmp_path / "back")])
    assert main(["import", str(tmp_path / "dataset"), "--out", str(tmp_path / "back")]) == 0
    assert "wrote 0 recordings" in capsys.readouterr().out
