# SPDX-License-Identifier: Apache-2.0
"""Datasets between this package and LeRobot's own, both ways.

It needs Python 3.12 and an environment of its own: ``pip install -e '.[lerobot,test]'`` without constraints.txt, whose
versions LeRobot does not take.
"""

import importlib.util
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE
from unified_agent.recording.lerobot.reader import DatasetReader

if importlib.util.find_spec("lerobot") is None:
    WHY = "lerobot is not installed: NOTHING checks our datasets against LeRobot itself (docs/recordings.md, Datasets)"
    warnings.warn(WHY, stacklevel=1)
    pytest.skip(WHY, allow_module_level=True)

os.environ["HF_HUB_OFFLINE"] = "1"
TYPES = common_types().types
JOINT_STATE = "sensor_msgs/msg/JointState"
CAMERAS = ("left", "right")
ROWS, RATE = 12, 10


def record(folder: Path, number: int) -> Path:
    """Frames of two cameras and joint states at 10 Hz; both rise with the row."""
    with BagWriter(folder) as bag:
        bag.add_topic("/episode", "std_msgs/msg/String")
        bag.add_topic("/joint_states", JOINT_STATE)
        for camera in CAMERAS:
            bag.add_topic(f"/camera/{camera}/image_raw", IMAGE)
        bag.write("/episode", encode(TYPES["std_msgs/msg/String"](data=f"start task {number}")), NANO)
        for row in range(ROWS):
            time = NANO + row * NANO // RATE
            stamp = TYPES["builtin_interfaces/msg/Time"](sec=time // NANO, nanosec=time % NANO)
            header = TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id="")
            none, values = np.zeros(0), np.array([row / 10, number, 0.5])
            state = TYPES[JOINT_STATE](header, ["elbow", "wrist", "finger"], values, none, none)
            bag.write("/joint_states", encode(state), time)
            for side, camera in enumerate(CAMERAS):
                frame = np.full((64, 96, 3), 10 * row + 100 * side + 5 * number, np.uint8)
                image = TYPES[IMAGE](header, 64, 96, "rgb8", 0, 3 * 96, frame.reshape(-1))
                bag.write(f"/camera/{camera}/image_raw", encode(image), time)
    return folder


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    bags = [record(folder / f"episode_{number}", number) for number in range(2)]
    assert main(["export", *map(str, bags), "--out", str(folder / "dataset"), "--robot", "fr3"]) == 0
    return folder / "dataset"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """Three episodes as LeRobot writes them: all in one table and one AV1 video a camera."""
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    numbers = {"dtype": "float32", "shape": (6,), "names": list("abcdef")}
    pictures = {"dtype": "video", "shape": (64, 96, 3), "names": ["height", "width", "channels"]}
    features = {"observation.state": numbers, "action": numbers, "observation.images.top.left": pictures}
    folder = tmp_path_factory.mktemp("theirs") / "dataset"
    dataset = LeRobotDataset.create("me/theirs", fps=30, features=features, root=folder, robot_type="so101")
    for episode in range(3):
        for row in range(15 + episode):
            state = (np.arange(6) + row / 10 + episode).astype(np.float32)
            frame = np.full((64, 96, 3), 10 * row + 20 * episode, np.uint8)
            dataset.add_frame(
                {
                    "observation.state": state,
                    "action": state + np.float32(0.05),
                    "observation.images.top.left": frame,
                    "task": f"task {episode}",
                }
            )
        dataset.save_episode()
    dataset.finalize()
    return folder


def opened(folder: Path, **settings):
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    return LeRobotDataset("me/ours", root=folder, video_backend="pyav", **settings)


def test_lerobot_opens_what_we_export(exported):
    dataset = opened(exported)
    assert (len(dataset), dataset.num_episodes, dataset.fps) == (2 * ROWS, 2, RATE)
    item = dataset[ROWS + 3]
    assert item["observation.state"].tolist() == pytest.approx([0.3, 1.0, 0.5])
    assert item["action"].tolist() == pytest.approx([0.4, 1.0, 0.5])
    assert item["task"] == "task 1"
    for side, camera in enumerate(CAMERAS):
        frame = item[f"observation.images.{camera}"]
        assert tuple(frame.shape) == (3, 64, 96)
        assert float(frame.mean()) * 255 == pytest.approx(30 + 100 * side + 5, abs=3)


def test_lerobot_takes_our_statistics(exported):
    stats = opened(exported).meta.stats
    assert stats["observation.state"]["mean"].tolist() == pytest.approx([0.55, 0.5, 0.5])
    assert stats["observation.images.left"]["mean"].reshape(3).tolist() == pytest.approx([57.5 / 255] * 3, abs=0.01)


def test_lerobot_finds_the_frames_around_a_frame(exported):
    times = [-0.1, 0.0, 0.1]
    dataset = opened(exported, delta_timestamps={"observation.images.left": times, "action": times})
    item = dataset[5]
    assert item["action"][:, 0].tolist() == pytest.approx([0.5, 0.6, 0.7])
    levels = item["observation.images.left"].mean(dim=(1, 2, 3)) * 255
    assert levels.tolist() == pytest.approx([40, 50, 60], abs=3)


def test_a_loader_of_torch_makes_batches_of_it(exported):
    from torch.utils.data import DataLoader

    batches = list(DataLoader(opened(exported), batch_size=8, shuffle=True))
    assert sum(len(batch["index"]) for batch in batches) == 2 * ROWS
    assert batches[0]["observation.images.right"].shape == (8, 3, 64, 96)


def test_lerobot_opens_a_dataset_without_state(exported, tmp_path):
    bag = record(tmp_path / "bag", 0)
    assert main(["export", str(bag), "--out", str(tmp_path / "dataset"), "--without-state"]) == 0
    assert "observation.state" not in opened(tmp_path / "dataset")[0]


def test_we_read_what_lerobot_writes(theirs):
    reader = DatasetReader(theirs)
    assert (len(reader), reader.rate, reader.cameras, reader.robot) == (3, 30, ("top.left",), "so101")
    assert (reader.joints, reader.task(2)) == (tuple("abcdef"), "task 2")
    rows = list(reader.rows(2))
    assert len(rows) == 17
    assert [row.state[0] for row in rows] == pytest.approx(np.arange(17) / 10 + 2)
    assert [row.frames["top.left"].mean() for row in rows] == pytest.approx(10 * np.arange(17) + 40, abs=4)


def test_what_lerobot_wrote_comes_back_to_it_with_every_number_as_it_was(theirs, tmp_path):
    assert main(["import", str(theirs), "--out", str(tmp_path / "bags")]) == 0
    assert main(["export", str(tmp_path / "bags"), "--out", str(tmp_path / "again")]) == 0
    before, after = opened(theirs), opened(tmp_path / "again")
    assert len(before) == len(after)
    for index in range(len(before)):
        for name in ("observation.state", "action", "timestamp", "episode_index"):
            assert before[index][name].tolist() == after[index][name].tolist()
