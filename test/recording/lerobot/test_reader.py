# SPDX-License-Identifier: Apache-2.0
import json
import shutil

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unified_agent.cli import main
from unified_agent.recording.images import compressed
from unified_agent.recording.lerobot.reader import DatasetReader, NoDataset
from unified_agent.recording.video import VideoWriter

from .conftest import GRASP, grey, record


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    bags = [record(folder / "run" / f"episode_{number:03d}", instruction=f"task {number}") for number in (1, 2)]
    assert main(["export", *map(str, bags), "--out", str(folder / "dataset")]) == 0
    return folder / "dataset"


@pytest.fixture
def dataset(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "dataset")


def test_rows_have_the_state_and_the_frames_of_their_time(dataset):
    reader = DatasetReader(dataset)
    assert (len(reader), reader.rate, reader.cameras) == (2, 10, ("left", "right"))
    assert reader.task(1) == "task 2"
    rows = list(reader.rows(1))
    assert [row.seconds for row in rows] == pytest.approx(np.arange(6) / 10)
    assert [row.state[0] for row in rows] == pytest.approx(np.arange(6) / 10)
    assert [row.frames["right"].mean() for row in rows] == pytest.approx([100, 120, 140, 160, 180, 200], abs=3)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"codebase_version": "v1.6"}, "v1.6"), ({"data_path": 5}, "'data_path'"), ({"fps": "fast"}, "fast")],
)
def test_a_dataset_that_is_none_is_refused(dataset, change, why):
    path = dataset / "meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(NoDataset, match=why):
        list(DatasetReader(dataset).rows(0))


def test_paths_cannot_lead_out_of_the_dataset(dataset):
    path = dataset / "meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"data_path": "../../secret.parquet"}))
    with pytest.raises(Exception, match="leaves the folder"):
        list(DatasetReader(dataset).rows(0))


def test_a_missing_video_is_told(dataset):
    next((dataset / "videos").rglob("*.mp4")).unlink()
    with pytest.raises(NoDataset, match="cannot be read"):
        list(DatasetReader(dataset).rows(0))


def test_no_folder_is_no_dataset(tmp_path):
    with pytest.raises(NoDataset, match=r"meta/info\.json"):
        DatasetReader(tmp_path)


def older(new, old):
    """The same dataset as version 2.1 lays it out: a table and a video an episode, and lines of JSON."""
    info = json.loads((new / "meta/info.json").read_text())
    info |= {
        "codebase_version": "v2.1",
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
    }
    lines = []
    for number in range(info["total_episodes"]):
        [row] = pq.ParquetFile(new / f"meta/episodes/chunk-000/file-{number:03d}.parquet").read().to_pylist()
        lines.append(json.dumps({name: row[name] for name in ("episode_index", "tasks", "length")}))
        files = {f"data/chunk-000/episode_{number:06d}.parquet": f"data/chunk-000/file-{number:03d}.parquet"}
        for key in ("observation.images.left", "observation.images.right"):
            video = f"videos/chunk-000/{key}/episode_{number:06d}.mp4"
            files[video] = f"videos/{key}/chunk-000/file-{number:03d}.mp4"
        for target, source in files.items():
            (old / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(new / source, old / target)
    (old / "meta").mkdir()
    (old / "meta/info.json").write_text(json.dumps(info))
    (old / "meta/episodes.jsonl").write_text("\n".join(lines))
    shutil.copy(new / "meta/subtasks.parquet", old / "meta")
    return old


def test_a_dataset_of_version_2_is_read_as_one_of_version_3(dataset, tmp_path):
    new, old = DatasetReader(dataset), DatasetReader(older(dataset, tmp_path / "old"))
    assert len(old) == 2
    for number in range(2):
        assert old.task(number) == new.task(number)
        for one, other in zip(old.rows(number), new.rows(number), strict=True):
            assert (one.state == other.state).all()
            assert all((one.frames[camera] == other.frames[camera]).all() for camera in new.cameras)


def together(folder):
    """Lay both episodes into one table and one video a camera, as LeRobot itself does."""
    tables = [pq.ParquetFile(folder / f"data/chunk-000/file-{number:03d}.parquet").read() for number in range(2)]
    pq.write_table(pa.concat_tables(tables), folder / "data/chunk-000/file-000.parquet")
    cameras = ("observation.images.left", "observation.images.right")
    for key in cameras:
        files = [folder / f"videos/{key}/chunk-000/file-{number:03d}.mp4" for number in range(2)]
        frames = []
        for path in files:
            with av.open(str(path)) as container:
                frames += [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
            path.unlink()
        with VideoWriter(files[0], 10, streamed=False) as video:
            for frame in frames:
                video.write(frame)
    path = folder / "meta/episodes/chunk-000/file-001.parquet"
    [row] = pq.ParquetFile(path).read().to_pylist()
    for key in cameras:
        row |= {f"videos/{key}/from_timestamp": 0.6, f"videos/{key}/to_timestamp": 1.2}
    row |= {f"{part}/file_index": 0 for part in ("data", *(f"videos/{key}" for key in cameras))}
    pq.write_table(pa.Table.from_pylist([row]), path)


def test_episodes_that_share_their_files_are_told_apart(dataset):
    before = [[row.frames["left"].mean() for row in DatasetReader(dataset).rows(number)] for number in range(2)]
    together(dataset)
    reader = DatasetReader(dataset)
    for number in range(2):
        rows = list(reader.rows(number))
        assert [row.seconds for row in rows] == pytest.approx(np.arange(6) / 10)
        assert [row.frames["left"].mean() for row in rows] == pytest.approx(before[number], abs=2)


def test_pictures_in_the_table_are_read(dataset):
    info = json.loads((dataset / "meta/info.json").read_text())
    info["features"]["observation.images.left"]["dtype"] = "image"
    (dataset / "meta/info.json").write_text(json.dumps(info))
    path = dataset / "data/chunk-000/file-000.parquet"
    pictures = [{"bytes": compressed(grey(40 * number), "png"), "path": "x.png"} for number in range(6)]
    table = pq.ParquetFile(path).read().append_column("observation.images.left", pa.array(pictures))
    pq.write_table(table, path)
    rows = list(DatasetReader(dataset).rows(0))
    assert [row.frames["left"].mean() for row in rows] == [0, 40, 80, 120, 160, 200]
    assert list(rows[0].frames) == ["left", "right"]


def test_what_is_not_read_is_told(dataset):
    info = json.loads((dataset / "meta/info.json").read_text())
    depth = {"dtype": "video", "shape": [32, 48, 1], "info": {"is_depth_map": True}}
    info["features"] |= {"next.done": {"dtype": "bool", "shape": [1]}, "observation.images.depth": depth}
    (dataset / "meta/info.json").write_text(json.dumps(info))
    reader = DatasetReader(dataset)
    assert reader.cameras == ("left", "right")
    assert reader.told == ["observation.images.depth is not read: it shows no colours", "next.done is not read"]
    assert len(list(reader.rows(0))) == 6


def test_objects_and_sub_goals_are_read(dataset):
    rows = list(DatasetReader(dataset).rows(0))
    assert rows[3].objects["red"] == pytest.approx([0.03, 0.25, 0.5])
    assert [row.subgoal for row in rows] == ["", "", GRASP, GRASP, GRASP, GRASP]
