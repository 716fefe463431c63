# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
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


@pytest.fixture
def dataset(bag, tmp_path):
    assert main(["export", str(bag), "--out", str(tmp_path / "dataset")]) == 0
    return tmp_path / "dataset"


def columns(dataset):
    table = pq.ParquetFile(dataset / "data/chunk-000/file-000.parquet").read()
    return {name: table[name].to_pylist() for name in table.column_names}


def test_a_dataset_comes_back_from_its_recordings_with_every_number_as_it_was(dataset, tmp_path):
    path = dataset / "data/chunk-000/file-000.parquet"
    table = pq.ParquetFile(path).read()
    noise = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    place = table.column_names.index("action")
    pq.write_table(table.set_column(place, "action", pa.FixedSizeListArray.from_arrays(noise.reshape(-1), 2)), path)
    assert main(["import", str(dataset), "--out", str(tmp_path / "back")]) == 0
    assert main(["export", str(tmp_path / "back"), "--out", str(tmp_path / "again")]) == 0
    assert columns(tmp_path / "again") == columns(dataset)


@pytest.mark.parametrize("change", [{"robot_type": "another"}, {"total_episodes": 2}])
def test_another_dataset_is_not_imported_into_the_same_folder(dataset, tmp_path, capsys, change):
    command = ["import", str(dataset), "--out", str(tmp_path / "back")]
    assert main(command) == 0
    info = dataset / "meta/info.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | change))
    assert main(command) == 2
    assert "SHA-256 of meta/info.json was" in capsys.readouterr().err
    other = dataset.rename(tmp_path / "other")
    assert main(["import", str(other), *command[2:]]) == 2
    assert f'dataset was "{dataset}" and is "{other}" now' in capsys.readouterr().err


def test_an_import_that_was_stopped_goes_on_and_leaves_nothing_half(dataset, tmp_path, monkeypatch):
    command = ["import", str(dataset), "--out", str(tmp_path / "back")]
    with monkeypatch.context() as patch:
        patch.setattr(EpisodeFacts, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert main(command) == 130
    assert not (tmp_path / "back/episode_000").exists()
    assert main(command) == 0
    assert sorted(path.name for path in (tmp_path / "back").iterdir()) == [".unified_agent", "episode_000"]


def test_an_import_touches_neither_its_dataset_nor_what_others_have(dataset, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/episode_000").write_text("not a recording")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for out in (dataset, dataset / "bags", tmp_path, tmp_path / "theirs", tmp_path / "theirs/episode_000"):
        assert main(["import", str(dataset), "--out", str(out)]) == 2
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_episode_that_is_broken_is_told_and_leaves_nothing(dataset, tmp_path, capsys):
    next((dataset / "videos").rglob("*.mp4")).write_bytes(b"")
    assert main(["import", str(dataset), "--out", str(tmp_path / "back")]) == 1
    assert "failed: Episode 0" in capsys.readouterr().out
    assert not (tmp_path / "back").exists()


def test_cameras_have_topics_that_ros_takes(dataset, tmp_path):
    info = dataset / "meta/info.json"
    info.write_text(info.read_text().replace("images.left", "images.top.left"))
    (dataset / "videos/observation.images.left").rename(dataset / "videos/observation.images.top.left")
    path = dataset / "meta/episodes/chunk-000/file-000.parquet"
    table = pq.ParquetFile(path).read()
    names = [name.replace("images.left", "images.top.left") for name in table.column_names]
    pq.write_table(table.rename_columns(names), path)
    assert main(["import", str(dataset), "--out", str(tmp_path / "back")]) == 0
    topics = BagReader(tmp_path / "back/episode_000").topics
    assert {"/camera/top_left/image_raw", "/camera/right/image_raw", "/action", "/objects", "/subgoal"} <= set(topics)
