# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from unified_agent.cli import main
from unified_agent.recording.lerobot.reader import DatasetReader, NoDataset

from .conftest import record


@pytest.fixture
def dataset(tmp_path):
    bags = [record(tmp_path / "run" / f"episode_{number:03d}", instruction=f"task {number}") for number in (1, 2)]
    assert main(["export", *map(str, bags), "--out", str(tmp_path / "dataset")]) == 0
    return tmp_path / "dataset"


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
