# SPDX-License-Identifier: Apache-2.0
"""``unified-agent export``: its folder, stopped and gone on with, and recordings that do not fit together."""

import errno
import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from unified_agent.cli import main
from unified_agent.folders import OwnFolder
from unified_agent.recording.lerobot.writer import DatasetWriter

from .conftest import at_once, foreign, record, states, ticks


def test_an_interrupted_export_goes_on_after_its_last_whole_episode(tmp_path, monkeypatch, capsys):
    bags = [record(tmp_path / "run" / f"episode_{number:03d}") for number in range(3)]
    command = ["export", *map(str, bags), "--out", str(tmp_path / "dataset")]
    add = DatasetWriter.add

    def interrupted(writer, rows, task):
        if writer.episodes == 2:
            raise KeyboardInterrupt
        return add(writer, rows, task)

    monkeypatch.setattr(DatasetWriter, "add", interrupted)
    assert main(command) == 130
    written = []
    monkeypatch.setattr(DatasetWriter, "add", lambda *given: written.append(1) or add(*given))
    assert main(command) == 0
    assert len(written) == 1
    assert "wrote 3 episodes, 18 frames" in capsys.readouterr().out
    assert not list((tmp_path / "dataset").glob("*.json"))


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """The command of an export that was stopped after the first of its two recordings."""
    bags = [record(tmp_path / "run" / f"episode_{number:03d}", range(2)) for number in range(2)]
    command = ["export", *map(str, bags), "--out", str(tmp_path / "dataset")]
    add = DatasetWriter.add

    def interrupted(writer, rows, task):
        if writer.episodes == 1:
            raise KeyboardInterrupt
        return add(writer, rows, task)

    with monkeypatch.context() as patch:
        patch.setattr(DatasetWriter, "add", interrupted)
        assert main(command) == 130
    return command


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_going_on_with_other_settings_is_refused_with_the_difference(stopped, capsys):
    assert main([*stopped, "--rate", "5", "--robot", "fr3"]) == 2
    said = capsys.readouterr().err
    assert "rate was null and is 5 now" in said
    assert 'robot was "unknown" and is "fr3" now' in said
    assert main(stopped) == 0


def test_going_on_with_other_recordings_is_refused_with_the_difference(stopped, tmp_path, capsys):
    more = record(tmp_path / "more", range(2))
    assert main(["export", str(more), *stopped[2:]]) == 2
    said = capsys.readouterr().err
    assert f"new: {more}; gone: {tmp_path}/run/episode_000" in said
    (tmp_path / "run/episode_001/metadata.yaml").write_text("changed: yes\n")
    assert main(stopped) == 2
    assert f"changed: {tmp_path}/run/episode_001" in capsys.readouterr().err


def test_a_finished_dataset_is_neither_overwritten_nor_added_to(stopped, tmp_path, capsys):
    assert main(stopped) == 0
    before = everything(tmp_path / "dataset")
    assert main(stopped) == 2
    assert main([*stopped, "--rate", "5"]) == 2
    assert "holds a finished dataset" in capsys.readouterr().err
    assert everything(tmp_path / "dataset") == before


@pytest.mark.parametrize("name", ["dataset", "dataset.partial"])
def test_a_folder_of_somebody_else_is_left_as_it_is(bag, tmp_path, name):
    theirs = tmp_path / name / "thesis.tex"
    theirs.parent.mkdir()
    theirs.write_text("years of work")
    assert main(["export", str(bag), "--out", str(tmp_path / "dataset")]) == (2 if name == "dataset" else 0)
    assert theirs.read_text() == "years of work"


@pytest.mark.parametrize("out", ["run/episode_001", "run/episode_001/dataset", "run/..", "link"])
def test_a_place_that_holds_what_is_read_is_refused_and_nothing_is_touched(bag, tmp_path, out):
    (tmp_path / "link").symlink_to(bag, target_is_directory=True)
    before = everything(tmp_path)
    assert main(["export", str(bag), "--out", str(tmp_path / out)]) == 2
    assert everything(tmp_path) == before


def test_a_place_that_cannot_be_written_is_told(bag, tmp_path, capsys):
    (tmp_path / "file").write_text("a file")
    for out in ("/proc/dataset", tmp_path / "file", tmp_path / "file" / "dataset"):
        assert main(["export", str(bag), "--out", str(out)]) == 2
    assert capsys.readouterr().err.count("Give another") == 3
    assert (tmp_path / "file").read_text() == "a file"


def test_a_full_disk_is_told_and_the_whole_episodes_are_kept(stopped, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        full = OSError(errno.ENOSPC, "No space left on device")
        patch.setattr("pyarrow.parquet.write_table", lambda *_: (_ for _ in ()).throw(full))
        assert main(stopped) == 2
    assert "No space left" in capsys.readouterr().err
    assert main(stopped) == 0
    assert "wrote 2 episodes, 4 frames" in capsys.readouterr().out


def test_a_second_writer_is_told(stopped, tmp_path, capsys):
    settings = json.loads((tmp_path / "dataset/.unified_agent/about.json").read_text())["settings"]
    with OwnFolder.claim(tmp_path / "dataset", "export", settings):
        assert main(stopped) == 2
    assert "Another process is writing" in capsys.readouterr().err


def test_a_topic_cannot_lead_out_of_the_dataset(tmp_path, capsys):
    bag = foreign(tmp_path / "in/bag", at_once(ticks(3)), states(ticks(3)), image_topic="/x/../../../../escaped")
    before = everything(tmp_path)
    assert main(["export", str(bag), "--task", "t", "--out", str(tmp_path / "in/out/dataset")]) == 0
    outside = {path for path in everything(tmp_path) if not path.is_relative_to(tmp_path / "in/out/dataset")}
    assert outside == set(before)
    assert (tmp_path / "in/out/dataset/videos/observation.images.x_escaped").is_dir()
    assert "/x/../../../../escaped is camera x_escaped" in capsys.readouterr().out


def test_texts_of_any_kind_become_one_line(tmp_path):
    bag = record(tmp_path / "bag", range(2), instruction="")
    command = ["export", str(bag), "--out", str(tmp_path / "dataset")]
    assert main([*command, "--task", "take\nit \udcff" + "x" * 2**20, "--robot", "a\nb\udc80"]) == 0
    info = json.loads((tmp_path / "dataset/meta/info.json").read_text())
    assert info["robot_type"] == "a b?"
    [task] = pq.read_table(tmp_path / "dataset/meta/tasks.parquet")["__index_level_0__"].to_pylist()
    assert task.startswith("take it ?x")
    assert len(task) <= 1000


def test_where_nothing_could_be_exported_nothing_is_left_and_the_command_can_be_given_anew(tmp_path, capsys):
    bag = record(tmp_path / "bag", range(2), instruction="")
    command = ["export", str(bag), "--out", str(tmp_path / "dataset")]
    assert main(command) == 1
    assert "give one with --task" in capsys.readouterr().out
    assert not (tmp_path / "dataset").exists()
    assert main([*command, "--only-success", "--task", "take it"]) == 0
    lost = record(tmp_path / "lost", range(2), result="failure: lost")
    assert main(["export", str(lost), "--only-success", "--out", str(tmp_path / "none")]) == 1
    assert "left out: 1 recordings" in capsys.readouterr().out


def test_recordings_that_do_not_fit_the_first_are_named_or_resampled(tmp_path, capsys):
    def made(name, count=4, rate=10.0, topic="/cam/image_raw", joints=("elbow",)):
        times = ticks(count, rate)
        return str(foreign(tmp_path / name, at_once(times), states(times, names=joints), topic))

    bags = [
        made("a"),
        made("slow", rate=5),
        made("more", joints=("elbow", "wrist")),
        made("other", topic="/hand/image_raw"),
        made("joint", joints=("knee",)),
    ]
    assert main(["export", *bags, "--task", "t", "--out", str(tmp_path / "dataset"), "--json"]) == 1
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["episodes"], found["frames"], found["rate"]) == (3, 4 + 7 + 4, 10)
    assert any("give 5 frames a second, written at 10" in line for line in found["told"][bags[1]])
    assert any("left out: wrist" in line for line in found["told"][bags[2]])
    assert "cameras are hand" in found["failed"][bags[3]]
    assert "missing: elbow" in found["failed"][bags[4]]


def test_a_recording_whose_pictures_change_their_size_fails_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    bag = record(tmp_path / "bag", range(3))
    shown = DatasetWriter._check

    def changed(writer, row):
        if row.frames[0].mean() > 30:
            row = replace(row, frames=tuple(frame[:16] for frame in row.frames))
        shown(writer, row)

    monkeypatch.setattr(DatasetWriter, "_check", changed)
    assert main(["export", str(bag), "--out", str(tmp_path / "dataset")]) == 1
    assert "sizes: {'left': (16, 48)" in capsys.readouterr().out
    assert not (tmp_path / "dataset").exists()


@pytest.mark.parametrize("given", [["--rate", "0"], ["--max-age", "nan"], ["--max-age", "-1"], ["--rate", "100000"]])
def test_settings_that_mean_nothing_are_refused(bag, tmp_path, given):
    assert main(["export", str(bag), "--out", str(tmp_path / "dataset"), *given]) == 2
    assert not (tmp_path / "dataset").exists()
