# SPDX-License-Identifier: Apache-2.0
import csv
import json
import os
import shutil

import pytest

from unified_agent.errors import UserError
from unified_agent.folders import FolderError
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.images import IMAGE
from unified_agent.training.relabelling import Question, Search, relabel

from .conftest import ALWAYS, SETS, image, record


def test_the_same_bag_gives_the_same_labels(bag, tmp_path, detector):
    for out in ("a", "b"):
        relabel(bag, tmp_path / out, detector, Question())
    for name in ("moments.csv", "moments.jsonl", "run/episode_001.csv", "run/episode_001.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_is_done_is_not_done_again_and_half_done_is(bag, tmp_path, detector):
    out = tmp_path / "out"
    with Search(out, [bag], detector, Question()) as search:
        task = search.task(bag)
        task.folder.mkdir(parents=True)
        (task.folder / "rubbish").write_text("of a killed run")
    first = relabel(bag, out, detector, Question())
    copy = out / "run" / "episode_001"
    written = copy.stat().st_mtime_ns
    assert relabel(bag, out, detector, Question()) == first
    assert copy.stat().st_mtime_ns == written
    assert not list(out.rglob("rubbish"))


def test_a_recording_that_changed_since_is_looked_at_again(bag, tmp_path, detector):
    out = tmp_path / "out"
    assert relabel(bag, out, detector, Question()).frames == SETS
    shutil.rmtree(bag)
    record(bag, sets=4)
    assert relabel(bag, out, detector, Question()).frames == 4
    assert len((out / "run" / "episode_001.csv").read_text().splitlines()) == 5


def test_a_recording_with_the_same_content_and_another_time_is_looked_at_again(bag, tmp_path, detector):
    out = tmp_path / "out"
    relabel(bag, out, detector, Question())
    os.utime(next(bag.glob("*.mcap")), ns=(0, 0))
    with Search(out, [bag], detector, Question()) as search:
        assert not search.done


@pytest.mark.parametrize("other", [{"steady_seconds": 0.0}, {"tolerance": 0.01}, {"copies": False}, {"thumbnails": 3}])
def test_another_question_is_refused_with_the_difference(bag, tmp_path, detector, other):
    relabel(bag, tmp_path / "out", detector, Question())
    with pytest.raises(FolderError, match=next(iter(other))):
        relabel(bag, tmp_path / "out", detector, Question(**other))


def test_a_second_writer_is_told(bag, tmp_path, detector):
    with Search(tmp_path / "out", [bag], detector, Question()), pytest.raises(FolderError, match="Another process"):
        Search(tmp_path / "out", [bag], detector, Question())


def test_a_source_is_never_written_into_or_replaced(bag, tmp_path, detector):
    before = {path: path.read_bytes() for path in bag.rglob("*") if path.is_file()}
    for out in (tmp_path, bag, bag / "labels", bag.parent):
        with pytest.raises(FolderError):
            relabel(bag, out, detector, Question())
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_source_inside_a_folder_of_labels_is_not_replaced(bag, tmp_path, detector):
    out = tmp_path / "out"
    relabel(bag, out, detector, Question())
    mine = record(out / "other" / "episode_001", sets=3)
    before = {path: path.read_bytes() for path in mine.iterdir()}
    with pytest.raises(FolderError, match="not made by this command"):
        relabel(mine, out, detector, Question())
    assert {path: path.read_bytes() for path in mine.iterdir()} == before


def test_files_beside_ours_stay(bag, tmp_path, detector):
    out = tmp_path / "out"
    relabel(bag, out, detector, Question())
    (out / "run" / "notes.txt").write_text("mine")
    (out / "run" / "episode_001" / "notes.txt").write_text("mine")
    os.utime(next(bag.glob("*.mcap")), ns=(0, 0))
    relabel(bag, out, detector, Question())
    assert (out / "run" / "notes.txt").read_text() == "mine"


def test_the_table_has_a_row_a_find_of_every_recording_in_the_folder(tmp_path, detector):
    bags = [record(tmp_path / "runs" / name, sets=4) for name in ("a", "b")]
    out = tmp_path / "out"
    for bag in bags:
        relabel(bag, out, detector, Question(copies=False))
    rows = [json.loads(line) for line in (out / "moments.jsonl").read_text().splitlines()]
    assert [(row["recording"], row["sentence"], row["moments"]) for row in rows] == [
        ("runs/a", ALWAYS, 4),
        ("runs/b", ALWAYS, 4),
    ]
    assert (rows[0]["from_stamp"], rows[0]["to_stamp"], rows[0]["threshold"]) == ("1.000000000", "1.300000000", -1.0)
    assert rows[0]["source"] == str(bags[0])
    assert (out / rows[0]["picture"]).is_file()
    assert (out / "moments.png").is_file()
    with (out / "moments.csv").open() as file:
        assert [row["recording"] for row in csv.DictReader(file)] == ["runs/a", "runs/b"]


def test_no_more_thumbnails_are_kept_than_asked_for(tmp_path, detector):
    out = tmp_path / "out"
    bags = [record(tmp_path / "runs" / name, sets=4) for name in "abc"]
    for bag in bags:
        relabel(bag, out, detector, Question(copies=False, thumbnails=2))
    assert len(list(out.rglob("*.jpg"))) == 2
    rows = [json.loads(line) for line in (out / "moments.jsonl").read_text().splitlines()]
    assert sorted(bool(row["picture"]) for row in rows) == [False, True, True]


def test_a_table_without_finds_has_its_head(tmp_path, detector):
    with BagWriter(tmp_path / "run" / "short") as writer:
        writer.add_topic("/front", IMAGE)
        writer.write("/front", image(0, 0), 10**9)
    relabel(tmp_path / "run" / "short", tmp_path / "out", detector, Question())
    assert (tmp_path / "out" / "moments.csv").read_text().startswith("recording,source,sentence,from,to,")
    assert (tmp_path / "out" / "moments.jsonl").read_text() == ""


def test_a_summary_that_was_damaged_is_named(bag, tmp_path, detector):
    relabel(bag, tmp_path / "out", detector, Question())
    for text in ("", "[]", "{}", '{"source": 5}', '{"source": "x", "finds": 3}'):
        (tmp_path / "out" / "run" / "episode_001.json").write_text(text)
        with pytest.raises(UserError, match="Delete it"):
            relabel(bag, tmp_path / "out", detector, Question())
