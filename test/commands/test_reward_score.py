# SPDX-License-Identifier: Apache-2.0
import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from unified_agent.cli import main
from unified_agent.folders import OwnFolder
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE
from unified_agent.recording.lerobot.rows import Row
from unified_agent.recording.lerobot.writer import DatasetWriter, Shape
from unified_agent.recording.reader import BagReader
from unified_agent.recording.rewards import rewards_of
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

GOAL = "the red object is on the table"


def pixels(number):
    return np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def record(folder, moments=4, frame=pixels):
    types = common_types().types
    with BagWriter(folder) as writer:
        writer.add_topic("/front", IMAGE)
        for number in range(moments):
            stamp = types["builtin_interfaces/msg/Time"](sec=1, nanosec=number * NANO // 10)
            header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="")
            image = types[IMAGE](header, 32, 32, "rgb8", 0, 96, frame(number).reshape(-1))
            writer.write("/front", encode(image), 5 * NANO + number * NANO // 10)
    return folder


def dataset(folder, lengths=(3, 4)):
    """Episodes of one camera."""

    def row(number):
        return Row((np.kron(pixels(number), np.ones((2, 2, 1), np.uint8)),), {"elbow": number / 10}, {}, "")

    with OwnFolder.claim(folder, "export", {}) as own:
        writer = DatasetWriter(own, 10, Shape.of(row(0), ["front"]), "fr3")
        for episode, length in enumerate(lengths):
            writer.add([row(10 * episode + number) for number in range(length)], "take the red one")
        writer.close()
    return folder


def score(capsys, *words, goal=GOAL):
    """Status, the result, and the lines before it."""
    status = main(["reward", "score", *map(str, words), "--goal", goal, "--device", "cpu", "--json"])
    *lines, last = capsys.readouterr().out.splitlines()
    return status, json.loads(last), lines


def expected(moments=4):
    frames = np.stack([pixels(number) for number in range(moments)])[:, None]
    return RewardModel(Clip.load("default", "cpu"), Goal((GOAL,))).score(frames)


def test_every_moment_has_a_reward_in_a_table_and_on_a_topic(tmp_path, capsys):
    record(tmp_path / "run" / "one")
    status, result, _ = score(capsys, tmp_path / "run", "--out", tmp_path / "out")
    assert list(result["rewarded"]) == ["run/one"]
    place = tmp_path / "out" / "run" / "one"
    rows = list(csv.DictReader(place.with_suffix(".csv").open()))
    assert [float(row["reward"]) for row in rows] == pytest.approx(expected(), abs=2e-5)
    assert [row["stamp"] for row in rows] == ["1.000000000", "1.100000000", "1.200000000", "1.300000000"]
    reader = BagReader(place)
    said = [(one.received, rewards_of(reader.decode(one))[GOAL]) for one in reader.messages(["/reward"])]
    assert said == [(5 * NANO + n * NANO // 10, float(row["reward"])) for n, row in enumerate(rows)]
    with Image.open(place.with_suffix(".png")) as picture:
        picture.verify()
    assert json.loads((tmp_path / "out" / "rewards.json").read_text())["run/one"]["moments"] == 4
    assert (status == 0) == (result["rewarded"]["run/one"]["unfamiliar"] <= 2)


def test_the_same_command_looks_at_nothing_twice_and_at_what_has_changed_again(tmp_path, capsys):
    record(tmp_path / "run" / "one")
    words = (tmp_path / "run", "--out", tmp_path / "out")
    score(capsys, *words)
    first = (tmp_path / "out" / "run" / "one.csv").stat().st_mtime_ns
    record(tmp_path / "run" / "two")
    _, result, lines = score(capsys, *words)
    assert "1 of 2 recordings were looked at before, and have not changed" in lines
    assert set(result["rewarded"]) == {"run/one", "run/two"}
    assert (tmp_path / "out" / "run" / "one.csv").stat().st_mtime_ns == first


def test_a_dataset_gets_the_file_that_lerobot_reads_on_one_scale(tmp_path, capsys):
    dataset(tmp_path / "data" / "cups")
    _, result, _ = score(capsys, tmp_path / "data", "--out", tmp_path / "out")
    [path] = result["datasets"]
    table = pq.read_table(path)
    assert table.column_names == ["index", "episode_index", "frame_index", "progress_sparse", "reward", "familiar"]
    assert table["index"].to_pylist() == list(range(7))
    assert table["episode_index"].to_pylist() == [0] * 3 + [1] * 4
    assert table["frame_index"].to_pylist() == [0, 1, 2, 0, 1, 2, 3]
    reward, progress = table["reward"].to_numpy(), table["progress_sparse"].to_numpy()
    assert progress == pytest.approx((reward - reward.min()) / np.ptp(reward), abs=1e-4)
    assert table.schema.field("progress_sparse").type == "float"
    assert GOAL in table.schema.metadata[b"reward_model_path"].decode()
    assert not (tmp_path / "data" / "cups" / "clip_progress.parquet").exists()


def test_episodes_of_a_dataset_are_kept_and_recordings_beside_it_are_found(tmp_path, capsys):
    dataset(tmp_path / "data" / "cups")
    words = (tmp_path / "data", "--out", tmp_path / "out")
    score(capsys, *words)
    record(tmp_path / "data" / "bags" / "one")
    _, result, lines = score(capsys, *words)
    assert "2 of 3 recordings were looked at before, and have not changed" in lines
    assert set(result["rewarded"]) == {"cups/episode_000000", "cups/episode_000001", "bags/one"}


def test_a_camera_that_a_dataset_has_not_is_told_with_the_nearest(tmp_path, capsys):
    dataset(tmp_path / "cups")
    status, result, _ = score(capsys, tmp_path / "cups", "--out", tmp_path / "out", "--image-topic", "frond")
    assert status == 1
    assert all("Did you mean 'front'" in why for why in result["failed"].values())


def test_another_goal_in_the_same_folder_is_refused(tmp_path, capsys):
    record(tmp_path / "run" / "one")
    score(capsys, tmp_path / "run", "--out", tmp_path / "out")
    words = ["reward", "score", str(tmp_path / "run"), "--out", str(tmp_path / "out"), "--goal", "a cat"]
    assert main(words) == 2
    assert "other settings" in capsys.readouterr().err


def test_our_own_bags_of_rewards_beside_recordings_are_left_out(tmp_path, capsys):
    record(tmp_path / "one")
    score(capsys, tmp_path / "one", "--out", tmp_path / "rewards")
    _, result, _ = score(capsys, tmp_path, "--out", tmp_path / "more")
    assert len(result["rewarded"]) == len(result["left_out"]) == 1


def test_a_reward_that_never_moves_is_told_and_is_no_success(tmp_path, capsys):
    record(tmp_path / "run" / "black", frame=lambda number: np.zeros((32, 32, 3), np.uint8))
    status, _, lines = score(capsys, tmp_path / "run", "--out", tmp_path / "out")
    assert status == 1
    assert any("never moves" in line for line in lines)


def test_a_recording_that_cannot_be_read_is_named_and_the_others_are_rewarded(tmp_path, capsys):
    record(tmp_path / "run" / "good")
    record(tmp_path / "run" / "empty", moments=0)
    status, result, _ = score(capsys, tmp_path / "run", "--out", tmp_path / "out")
    assert status == 1
    assert list(result["rewarded"]) == ["run/good"]
    assert len(result["failed"]) == 1
    assert not (tmp_path / "out" / "run" / "empty.csv").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--goal", ""], "must say something"),
        (["--goal", GOAL, "--baseline", GOAL, "--alpha", "0.5"], "say the same"),
        (["--goal", GOAL, "--alpha", "0.5"], "no baseline"),
        (["--goal", GOAL, "--baseline", "a table", "--alpha", "nan"], "alpha"),
        (["--goal", GOAL, "--threshold", "2"], "threshold"),
        (["--goal", GOAL, "--tolerance", "-1"], "tolerance"),
    ],
)
def test_what_cannot_be_asked_is_a_line_and_nothing_is_written(tmp_path, capsys, words, why):
    record(tmp_path / "run" / "one")
    assert main(["reward", "score", str(tmp_path / "run"), "--out", str(tmp_path / "out"), *words]) == 2
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_place_without_recordings_is_refused(tmp_path, capsys):
    assert main(["reward", "score", str(tmp_path), "--goal", GOAL, "--out", str(tmp_path / "out")]) == 2
    assert "no recording" in capsys.readouterr().err
