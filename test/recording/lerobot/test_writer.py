# SPDX-License-Identifier: Apache-2.0
"""What is written is read with pyarrow and PyAV here; LeRobot's own class reads it too (docs/recordings.md)."""

import json
from dataclasses import replace

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.recording.lerobot.rows import Row
from unified_agent.recording.lerobot.writer import DatasetWriter, Shape

from .conftest import GRASP, grey


def row(number: int, subgoal: str = "") -> Row:
    return Row((grey(10 * number),), {"elbow": number / 10, "finger": 0.0}, {"red": np.full(3, 0.5)}, subgoal)


def claimed(folder):
    return OwnFolder.claim(folder, "export", {})


@pytest.fixture
def dataset(tmp_path):
    writer = DatasetWriter(claimed(tmp_path / "dataset"), 10, Shape.of(row(0), ["front"]), "fr3")
    writer.add([row(number) for number in range(4)], "take the red one")
    writer.add([row(number, GRASP) for number in range(3)], "take the red one")
    writer.close()
    return tmp_path / "dataset"


def test_the_description_counts_and_names_what_is_there(dataset):
    info = json.loads((dataset / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["robot_type"]) == ("v3.0", 10, "fr3")
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (2, 7, 1)
    assert info["features"]["observation.state"]["names"] == ["elbow", "finger"]
    assert info["features"]["observation.environment_state"]["names"] == ["red.x", "red.y", "red.z"]
    assert info["features"]["observation.images.front"]["shape"] == [32, 48, 3]


def test_the_action_is_the_state_of_the_next_moment(dataset):
    table = pq.read_table(dataset / "data/chunk-000/file-000.parquet")
    state, action = (np.array(table[name].to_pylist()) for name in ("observation.state", "action"))
    assert (action[:-1] == state[1:]).all()
    assert (action[-1] == state[-1]).all()


def test_a_recorded_action_is_the_action(tmp_path):
    rows = [replace(row(number), action={"a": number / 8, "b": 0.0}) for number in range(3)]
    writer = DatasetWriter(claimed(tmp_path / "dataset"), 10, Shape.of(rows[0], ["front"]))
    writer.add(rows, "take the red one")
    writer.close()
    table = pq.read_table(tmp_path / "dataset/data/chunk-000/file-000.parquet")
    assert table["action"].to_pylist() == [[0.0, 0.0], [0.125, 0.0], [0.25, 0.0]]
    info = json.loads((tmp_path / "dataset/meta/info.json").read_text())
    assert info["features"]["action"]["names"] == ["a", "b"]


def test_rows_are_numbered_through_all_episodes(dataset):
    second = pq.read_table(dataset / "data/chunk-000/file-001.parquet")
    assert second["index"].to_pylist() == [4, 5, 6]
    assert second["frame_index"].to_pylist() == [0, 1, 2]
    [row] = pq.read_table(dataset / "meta/episodes/chunk-000/file-001.parquet").to_pylist()
    assert (row["dataset_from_index"], row["dataset_to_index"], row["tasks"]) == (4, 7, ["take the red one"])
    assert row["videos/observation.images.front/file_index"] == 1


def test_sub_goals_are_subtasks(dataset):
    table = pq.read_table(dataset / "meta/subtasks.parquet")
    assert table["__index_level_0__"].to_pylist() == ["idle", GRASP]
    assert pq.read_table(dataset / "data/chunk-000/file-001.parquet")["subtask_index"].to_pylist() == [1, 1, 1]


def test_each_frame_of_the_video_is_at_the_time_of_its_row(dataset):
    with av.open(str(dataset / "videos/observation.images.front/chunk-000/file-000.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert [frame.to_ndarray(format="rgb24").mean() for frame in frames] == pytest.approx([0, 10, 20, 30], abs=3)


def test_an_episode_of_another_robot_is_refused_and_leaves_nothing(dataset, tmp_path):
    writer = DatasetWriter(claimed(tmp_path / "other"), 10, Shape.of(row(0), ["front"]))
    with pytest.raises(UserError, match="missing: finger"):
        writer.add([Row((grey(0),), {"elbow": 0.0}, {"red": np.zeros(3)}, "")], "x")
    assert not list((tmp_path / "other").rglob("*.mp4"))
    assert writer.episodes == 0


def test_a_dataset_that_was_interrupted_ends_as_an_unbroken_one(dataset, tmp_path):
    broken = tmp_path / "broken"
    folder = claimed(broken)
    writer = DatasetWriter(folder, 10, Shape.of(row(0), ["front"]), "fr3")
    writer.add([row(number) for number in range(4)], "take the red one")
    state = json.loads(json.dumps(writer.state()))
    writer.add([row(number) for number in range(2)], "lost in the crash")
    again = DatasetWriter.restored(folder, state)
    again.add([row(number, GRASP) for number in range(3)], "take the red one")
    again.close()
    for name in ("meta/info.json", "meta/stats.json"):
        assert json.loads((broken / name).read_text()) == json.loads((dataset / name).read_text())
    for name in ("meta/tasks.parquet", "meta/subtasks.parquet", "data/chunk-000/file-001.parquet"):
        assert pq.read_table(broken / name).equals(pq.read_table(dataset / name))


def test_an_episode_that_was_refused_leaves_no_trace_in_the_statistics(tmp_path):
    writers = [DatasetWriter(claimed(tmp_path / name), 10, Shape.of(row(0), ["front"])) for name in ("a", "b")]
    stranger = Row((grey(250),), {"wrist": 0.0}, {}, "a sub-goal of its own")
    with pytest.raises(UserError, match="Expected the joints"):
        writers[1].add([row(0), stranger], "something else")
    for writer in writers:
        writer.add([row(0), row(1)], "take the red one")
        writer.close()
    assert (tmp_path / "a/meta/stats.json").read_text() == (tmp_path / "b/meta/stats.json").read_text()
