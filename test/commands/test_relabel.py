# SPDX-License-Identifier: Apache-2.0
import json
import os

import numpy as np
import pytest

from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE


def record(folder, moments=4):
    types = common_types().types
    with BagWriter(folder) as writer:
        writer.add_topic("/front", IMAGE)
        for number in range(moments):
            stamp = types["builtin_interfaces/msg/Time"](sec=1, nanosec=number * NANO // 10)
            header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="")
            pixels = np.random.default_rng(number).integers(0, 256, 32 * 32 * 3, dtype=np.uint8)
            writer.write(
                "/front", encode(types[IMAGE](header, 32, 32, "rgb8", 0, 96, pixels)), NANO + number * NANO // 10
            )
    return folder


def relabel(capsys, *words):
    """Status, the result, and the lines before it."""
    status = main(["relabel", *map(str, words), "--device", "cpu", "--jobs", "1", "--json"])
    *lines, last = capsys.readouterr().out.splitlines()
    return status, json.loads(last), lines


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.txt", ""),
        ("s.txt", "a\x1bb"),
        ("s.txt", "\n".join(f"sentence {n}" for n in range(1001))),
        ("s.yaml", "5"),
        ("s.yaml", "a: b"),
        ("s.yaml", "a: true"),
        ("s.yaml", "a: .nan"),
        ("s.yaml", "a: 2"),
        ("s.yaml", "[a, 5]"),
        ("s.yaml", "a: ["),
        ("s.yaml", "&a [*a]"),
        ("missing.txt", None),
    ],
)
def test_sentences_that_cannot_be_read_are_refused(tmp_path, capsys, name, text):
    BagWriter(tmp_path / "bag").close()
    if text is not None:
        (tmp_path / name).write_text(text)
    words = ["relabel", str(tmp_path / "bag"), "--sentences", str(tmp_path / name), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "unified-agent relabel: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--jobs", "0"],
        ["--thumbnails", "-1"],
        ["--steady-seconds", "nan"],
        ["--tolerance", "-1"],
        ["--tolerance", "inf"],
        ["--threshold", "nan"],
        ["--labels-only", "--buffer", "b"],
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(tmp_path, capsys, words):
    BagWriter(tmp_path / "bag").close()
    assert main(["relabel", str(tmp_path / "bag"), "--out", str(tmp_path / "out"), *words]) == 2
    assert not (tmp_path / "out").exists()


def test_a_bag_that_cannot_be_read_is_named_and_the_status_says_so(tmp_path, capsys):
    (tmp_path / "broken.mcap").write_bytes(b"no bag")
    status, result, _ = relabel(capsys, tmp_path / "broken.mcap", "--out", tmp_path / "out")
    assert (status, list(result["failed"])) == (1, [str(tmp_path / "broken.mcap")])


def test_equal_names_in_different_folders_are_labelled_under_their_relative_paths(tmp_path, capsys):
    for day in ("day1", "day2"):
        record(tmp_path / day / "robot" / "bag")
    for paths in ([tmp_path / "day2", tmp_path / "day1"], [tmp_path]):
        status, result, _ = relabel(capsys, *paths, "--out", tmp_path / "out")
        assert (status, len(result["labelled"])) == (0, 2)
    assert (tmp_path / "out" / "day1" / "robot" / "bag" / "metadata.yaml").is_file()
    assert (tmp_path / "out" / "day2" / "robot" / "bag.json").is_file()


def test_the_example_of_the_readme_can_be_repeated(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "runs" / "first" / "episode_001")
    relabel(capsys, *sorted((tmp_path / "runs").iterdir()), "--out", "runs/relabelled")
    record(tmp_path / "runs" / "second" / "episode_001")
    status, result, lines = relabel(capsys, *sorted((tmp_path / "runs").iterdir()), "--out", "runs/relabelled")
    assert status == 0
    assert len(result["labelled"]) == 2
    assert "1 of 2 recordings were looked at before, and have not changed" in lines
    assert [line for line in lines if line.startswith("left out: 1 ")]


def test_labels_only_writes_a_table_and_no_copy(tmp_path, capsys):
    record(tmp_path / "run" / "bag")
    (tmp_path / "s.yaml").write_text("there is a picture: -1.0\nthere is an elephant: 1.0")
    words = ["--sentences", tmp_path / "s.yaml", "--out", tmp_path / "out", "--labels-only", "--trust-unfamiliar"]
    status, result, lines = relabel(capsys, tmp_path / "run", *words)
    assert (status, result["finds"]) == (0, 1)
    assert not list((tmp_path / "out").rglob("*.mcap"))
    assert len((tmp_path / "out" / "moments.jsonl").read_text().splitlines()) == 1
    assert "  there is a picture: true from 0.00 s" in lines


def test_a_recording_without_moments_fails_and_is_never_said_to_be_never(tmp_path, capsys):
    record(tmp_path / "run" / "full")
    record(tmp_path / "run" / "empty", moments=0)
    status, result, lines = relabel(capsys, tmp_path / "run", "--out", tmp_path / "out")
    assert (status, len(result["labelled"]), len(result["failed"])) == (1, 1, 1)
    assert not [line for line in lines if "-1.00" in line]


@pytest.mark.parametrize("out", ["/proc/labels", "/proc", "file", "mine", "run"])
def test_a_folder_that_cannot_be_ours_is_refused_and_stays(tmp_path, capsys, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "run" / "bag")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "weights.safetensors").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert main(["relabel", "run", "--out", out, "--device", "cpu"]) == 2
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_names_that_are_no_text_are_labelled(tmp_path, capsys):
    folder = os.fsencode(tmp_path) + b"/run\xff"
    os.mkdir(folder)
    record(tmp_path / "bag").rename(os.fsdecode(folder + b"/b\nag"))
    status, result, _ = relabel(capsys, os.fsdecode(folder), "--out", tmp_path / "out")
    assert (status, len(result["labelled"])) == (0, 1)


def test_a_search_that_found_nothing_does_not_end_well(tmp_path, capsys):
    record(tmp_path / "bag")
    status, result, _ = relabel(capsys, tmp_path / "bag", "--out", tmp_path / "out", "--labels-only")
    assert (status, result["finds"], len(result["labelled"])) == (1, 0, 1)
