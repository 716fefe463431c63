# SPDX-License-Identifier: Apache-2.0
"""Datasets that are damaged, or made to do harm: each is told as what it is."""

import json
import os
import random
import shutil
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unified_agent.cli import main
from unified_agent.errors import UserError
from unified_agent.recording.lerobot import episodes
from unified_agent.recording.lerobot.reader import DatasetReader
from unified_agent.recording.video import VideoWriter

from .conftest import grey, record

DATA, EPISODES = "data/chunk-000/file-000.parquet", "meta/episodes/chunk-000/file-000.parquet"
LEFT = "observation.images.left"
VIDEO = f"videos/{LEFT}/chunk-000/file-000.mp4"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An episode of four rows."""
    folder = tmp_path_factory.mktemp("whole")
    bag = record(folder / "bag", range(4))
    assert main(["export", str(bag), "--out", str(folder / "dataset")]) == 0
    return folder / "dataset"


@pytest.fixture
def dataset(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "dataset")


def describe(folder, **changes) -> None:
    path = folder / "meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def feature(folder, name, **changes) -> None:
    features = json.loads((folder / "meta/info.json").read_text())["features"]
    describe(folder, features=features | {name: {**features.get(name, {}), **changes}})


def column(folder, table, name, values) -> None:
    """Replace a column, or take it away (None)."""
    path = folder / table
    read = pq.ParquetFile(path).read()
    place = read.column_names.index(name)
    read = read.remove_column(place)
    pq.write_table(read if values is None else read.add_column(place, name, values), path)


def read_all(folder) -> int:
    """Read every row of every episode; how many."""
    reader = DatasetReader(folder)
    return sum(1 for number in range(len(reader)) for _ in reader.rows(number))


def why(folder) -> str:
    """Why a dataset cannot be read."""
    with pytest.raises(UserError) as told:
        read_all(folder)
    return str(told.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        *(({"fps": fps}, "'fps'") for fps in (0, -1, float("nan"), 1e9, "30", None, True, [30])),
        *(({"features": features}, "features") for features in (None, [], 5, "x")),
        *(({"data_path": path}, "data_path") for path in ("{}", "{x}", "{chunk_index.__class__}", "{chunk_index[0]}")),
        *(({"data_path": path}, "data_path") for path in ("{chunk_index:09999999999d}", "{chunk_index!r}", "{", [])),
        ({"data_path": "{file_index:999d}"}, "data_path"),
        ({"data_path": "../../../etc/passwd"}, "leaves the folder"),
        ({"data_path": "/etc/passwd"}, "leaves the folder"),
        ({"data_path": "meta"}, "no regular file"),
        ({"video_path": "{video_key.__init__.__globals__}"}, "video_path"),
        ({"video_path": None}, "video_path"),
        ({"codebase_version": "v1.6"}, "LeRobot converts"),
        ({"codebase_version": {"a": 1}}, "a dict of 1"),
        ({"codebase_version": None}, "None"),
        ({"chunks_size": 0}, "chunks_size"),
    ],
)
def test_a_description_that_means_nothing_is_told(dataset, change, told):
    describe(dataset, **change)
    assert told in why(dataset)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"x"', "5", "[" * 100_000, '{"a": 1}', "\ufeff{}"])
def test_a_description_that_is_no_mapping_is_told(dataset, text):
    (dataset / "meta/info.json").write_text(text)
    assert "info.json" in why(dataset)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("observation.state", {"shape": [3]}, "expected 3"),
        ("observation.state", {"shape": [10**9]}, "whole numbers"),
        ("observation.state", {"shape": [-2]}, "whole numbers"),
        ("observation.state", {"shape": "2"}, "whole numbers"),
        ("observation.state", {"shape": None}, "whole numbers"),
        ("observation.state", {"dtype": "string"}, "as numbers"),
        ("observation.state", {"dtype": ["float32"]}, "as text"),
        ("action", {"shape": [2, 2]}, "of the shape"),
        ("observation.environment_state", {"shape": [1.5]}, "whole numbers"),
        (LEFT, {"shape": [0, 0, 3]}, "whole numbers"),
        (LEFT, {"shape": [48, 32, 3]}, "expected 32x48"),
        (LEFT, {"shape": [30000, 30000, 3]}, "too large"),
        (LEFT, {"dtype": "image"}, "no column observation.images.left"),
        ("observation.images.new", {"dtype": "video", "shape": [32, 48, 3]}, "no column videos/observation.images.new"),
        ("../../x", {"dtype": "video", "shape": [32, 48, 3]}, "no column"),
    ],
)
def test_a_feature_that_does_not_fit_its_column_is_told(dataset, name, change, told):
    feature(dataset, name, **change)
    assert told in why(dataset)


@pytest.mark.parametrize(
    "names", [None, 5, "ab", [1, 2], ["a"], ["a", "a"], ["", "b"], {"motors": 5}, {}, [["a", "b"]]]
)
def test_joints_that_are_not_named_one_by_one_are_numbered(dataset, names):
    feature(dataset, "observation.state", names=names)
    reader = DatasetReader(dataset)
    assert reader.joints == ("joint_0", "joint_1")
    assert len(list(reader.rows(0))) == 4


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("observation.state", None, "no column observation.state"),
        ("observation.state", pa.array(["a", "b", "c", "d"]), "expected 2 numbers"),
        ("observation.state", pa.array([["a", "b"]] * 4), "expected numbers"),
        ("observation.state", pa.array([[0.0, 1.0], None, [0.0, 1.0], [0.0, 1.0]]), "without a value"),
        ("observation.state", pa.array([[0.0, None]] * 4), "missing"),
        ("observation.state", pa.array([[0.0], [0.0, 1.0], [], [0.0]]), "numbers in a row"),
        ("observation.state", pa.array([[[0.0], [1.0]]] * 4), "expected numbers"),
        ("observation.state", pa.array([[0.0] * 1000] * 4), "expected 2"),
        ("observation.state", pa.array([{"a": 1}] * 4), "expected 2 numbers"),
        ("timestamp", None, "no column timestamp"),
        ("timestamp", pa.array([0.0, 0.1, 0.1, 0.2]), "do not go forward at row 2"),
        ("timestamp", pa.array([0.3, 0.2, 0.1, 0.0]), "do not go forward"),
        ("timestamp", pa.array([0.0, 0.1, float("nan"), 0.2]), "no seconds"),
        ("timestamp", pa.array([-1.0, 0.1, 0.2, 0.3]), "no seconds"),
        ("timestamp", pa.array([0.0, 0.1, 0.2, None]), "without a value"),
        ("timestamp", pa.array([0.0, 5.0, 6.0, 7.0]), "fewer frames than rows"),
        ("episode_index", pa.array([1, 1, 1, 1]), "0 rows"),
        ("episode_index", pa.array([0, 0, 1, 0]), "3 rows"),
        ("episode_index", pa.array(["0"] * 4), "expected numbers"),
        ("subtask_index", None, "no column subtask_index"),
    ],
)
def test_a_column_that_is_not_what_it_should_be_is_told(dataset, name, values, told):
    column(dataset, DATA, name, values)
    assert told in why(dataset)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("episode_index", -1, "an episode's number"),
        ("episode_index", None, "an episode's number"),
        ("episode_index", "zero", "an episode's number"),
        ("episode_index", 10**12, "an episode's number"),
        ("length", 0, "length of 0"),
        ("length", 9, "'left'"),
        ("length", 2.5, "the length"),
        ("data/file_index", -5, "data/file_index"),
        ("data/file_index", 7, "file-007"),
        (f"videos/{LEFT}/from_timestamp", -1.0, "from_timestamp"),
        (f"videos/{LEFT}/from_timestamp", float("nan"), "from_timestamp"),
        (f"videos/{LEFT}/to_timestamp", float("inf"), "to_timestamp"),
        (f"videos/{LEFT}/file_index", 3, "file-003"),
    ],
)
def test_an_episode_that_lies_nowhere_is_told(dataset, name, value, told):
    column(dataset, EPISODES, name, pa.array([value]))
    assert told in why(dataset)


def test_an_episode_that_is_there_twice_is_told(dataset):
    table = pq.ParquetFile(dataset / EPISODES).read()
    pq.write_table(pa.concat_tables([table, table]), dataset / EPISODES)
    assert "the episode 0 twice" in why(dataset)


def test_no_episode_is_nothing_to_import(dataset, tmp_path, capsys):
    table = pq.ParquetFile(dataset / EPISODES).read()
    pq.write_table(table.slice(0, 0), dataset / EPISODES)
    assert main(["import", str(dataset), "--out", str(tmp_path / "out")]) == 2
    assert "nothing to import" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_sub_goals_without_sentences_are_told(dataset):
    (dataset / "meta/subtasks.parquet").unlink()
    reader = DatasetReader(dataset)
    assert (reader.told, reader.subgoals) == (["subtask_index is not read: there is no meta/subtasks.parquet"], False)
    assert read_all(dataset) == 4
    (dataset / "meta/subtasks.parquet").write_text("no table")
    assert "no whole LeRobot dataset" in why(dataset)


def test_an_episode_that_was_promised_and_is_not_there_is_told(dataset):
    describe(dataset, total_episodes=7)
    assert DatasetReader(dataset).told == ["meta/info.json promises 7 episodes, and 1 are there"]


def test_an_episode_without_a_task_has_an_empty_instruction(dataset):
    column(dataset, EPISODES, "tasks", None)
    reader = DatasetReader(dataset)
    assert (reader.task(0), reader.told) == ("", ["episodes without a task: 1"])


@pytest.mark.parametrize("frames", [0, 3])
def test_a_video_that_is_too_short_is_told(dataset, frames):
    (dataset / VIDEO).unlink()
    with VideoWriter(dataset / VIDEO, 10) as video:
        for number in range(frames):
            video.write(grey(number))
    if not frames:
        (dataset / VIDEO).write_bytes(b"")
    assert "cannot be read" in why(dataset) or "fewer frames" in why(dataset)


def test_a_snapshot_of_the_hugging_face_cache_is_read_although_its_files_are_links(dataset, tmp_path):
    snapshot = tmp_path / "datasets--me--stack/snapshots/0a1b2c"
    blobs = tmp_path / "datasets--me--stack/blobs"
    blobs.mkdir(parents=True)
    for number, path in enumerate(sorted(path for path in dataset.rglob("*") if path.is_file())):
        link = snapshot / path.relative_to(dataset)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(shutil.copy(path, blobs / str(number)))
    assert read_all(snapshot) == 4
    (snapshot / DATA).unlink()
    (snapshot / DATA).symlink_to(dataset / DATA)
    assert "leaves the folder" in why(snapshot)


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "ffconcat version 1.0\nfile /etc/passwd\n"])
def test_a_playlist_is_no_video(dataset, text):
    (dataset / VIDEO).write_text(text)
    assert "cannot be read" in why(dataset)


@pytest.mark.parametrize("name", [DATA, EPISODES, VIDEO, "meta/info.json"])
@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "empty", "text", "outside"])
def test_a_file_that_is_none_is_told(dataset, tmp_path, name, kind):
    path = dataset / name
    kept = shutil.copy(path, tmp_path / "kept")
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "outside" and name in (DATA, VIDEO):
        path.symlink_to(kept)
    elif kind != "missing":
        path.write_text("" if kind == "empty" else "what is this")
    assert why(dataset)


def test_a_column_that_unpacks_to_gigabytes_is_refused_before(dataset, monkeypatch):
    monkeypatch.setattr(episodes, "_LARGE", 2**20)
    values = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(4 * 100_000, np.float32)), 100_000)
    path = dataset / DATA
    read = pq.ParquetFile(path).read()
    place = read.column_names.index("observation.state")
    read = read.remove_column(place).add_column(place, "observation.state", values)
    pq.write_table(read, path, compression="zstd", use_dictionary=False)
    assert "unpacks to" in why(dataset)


def test_a_column_of_another_encoding_is_read(dataset):
    column(dataset, DATA, "observation.state", pa.array([[0, 1]] * 4, pa.large_list(pa.int8())))
    column(dataset, DATA, "timestamp", pa.array([0.0, 0.1, 0.2, 0.3]).dictionary_encode())
    rows = list(DatasetReader(dataset).rows(0))
    assert [row.state.tolist() for row in rows] == [[0.0, 1.0]] * 4


def mutated(value, chance: random.Random):
    """A JSON value with one part changed."""
    strange = [
        None,
        True,
        -1,
        0,
        1e308,
        2**70,
        "",
        "x" * 300,
        "\0",
        "../..",
        [],
        {},
        [[]],
        {"a": None},
        "{0}",
        "\udcff",
    ]
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: mutated(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], mutated(value[place], chance), *value[place + 1 :]]
    return chance.choice(strange)


def damaged(folder, chance: random.Random) -> None:
    """Change a value of the description or of a table, or bytes of a file."""
    kind = chance.random()
    if kind < 0.5:
        path = folder / "meta/info.json"
        path.write_text(json.dumps(mutated(json.loads(path.read_text()), chance)))
    elif kind < 0.65:
        row = pq.ParquetFile(folder / EPISODES).read().to_pylist()[0]
        key = chance.choice(sorted(row))
        value = chance.choice([None, -1, 2**40, 1e30, float("nan"), "x", [], ["x"], {"a": 1}, True])
        pq.write_table(pa.Table.from_pylist([row | {key: value}]), folder / EPISODES)
    else:
        path = folder / chance.choice([DATA, EPISODES, VIDEO, "meta/subtasks.parquet"])
        content = bytearray(path.read_bytes())
        for _ in range(chance.choice([1, 10, 100])):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content[: chance.choice([len(content), chance.randrange(len(content))])])


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_damaged_only_a_users_error_comes(dataset, seed):
    damaged(dataset, random.Random(seed))
    with suppress(UserError):
        read_all(dataset)
