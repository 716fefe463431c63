# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.recording.bag import BagWriter
from unified_agent.recording.copies import MARK
from unified_agent.training.relabelling import Question, relabel
from unified_agent.training.relabelling.found import recordings_at

from .conftest import record


def empty(folder, custom_data=None):
    with BagWriter(folder) as writer:
        writer.custom_data = custom_data or {}
    return folder


def test_the_output_among_the_inputs_is_left_out(tmp_path, detector):
    runs = tmp_path / "runs"
    bag, out = record(runs / "first" / "episode_001", sets=3), runs / "relabelled"
    relabel(bag, out, detector, Question())
    for paths in ([runs], sorted(runs.iterdir()), [runs / "first", out / "first" / "episode_001"]):
        found = recordings_at(paths, out)
        assert found.bags == [bag]
        assert found.failed == {}
        assert found.own != []


def test_other_labelled_copies_are_left_out_beside_recordings(tmp_path):
    bag, copy = empty(tmp_path / "runs" / "bag"), empty(tmp_path / "runs" / "copy", {MARK: "{}"})
    found = recordings_at([tmp_path / "runs"], tmp_path / "out")
    assert (found.bags, found.own) == ([bag], [copy])


def test_a_labelled_copy_that_is_named_or_alone_is_a_recording(tmp_path):
    bag, copy = empty(tmp_path / "runs" / "bag"), empty(tmp_path / "copies" / "copy", {MARK: "{}"})
    assert recordings_at([tmp_path / "copies"], tmp_path / "out").bags == [copy]
    assert recordings_at([bag, copy], tmp_path / "out").bags == sorted([bag, copy])


def test_a_recording_is_found_once_however_often_it_is_named(tmp_path, monkeypatch):
    bag = empty(tmp_path / "runs" / "bag")
    monkeypatch.chdir(tmp_path)
    paths = [bag, tmp_path / "runs", tmp_path / "runs" / ".." / "runs"]
    assert recordings_at(paths, tmp_path / "out").bags == [bag]


@pytest.mark.parametrize("name", ["nowhere", "notes"])
def test_a_path_without_recordings_is_named_and_the_others_are_found(tmp_path, name):
    bag = empty(tmp_path / "runs" / "bag")
    (tmp_path / "notes").mkdir()
    found = recordings_at([tmp_path / name, bag], tmp_path / "out")
    assert found.bags == [bag]
    assert list(found.failed) == [str(tmp_path / name)]


def test_a_recording_in_the_folder_of_labels_that_is_no_copy_is_a_recording(tmp_path, detector):
    bag, out = record(tmp_path / "runs" / "bag", sets=3), tmp_path / "out"
    relabel(bag, out, detector, Question())
    mine = record(out / "mine" / "bag", sets=3)
    assert recordings_at([out], out).bags == [mine]
    assert recordings_at([tmp_path / "runs"], tmp_path / "runs").bags == [bag]


def test_a_folder_of_labels_without_copies_among_the_inputs_is_left_out(tmp_path, detector):
    bag, out = record(tmp_path / "runs" / "bag", sets=3), tmp_path / "out"
    relabel(bag, out, detector, Question(copies=False))
    found = recordings_at([bag, out], out)
    assert (found.bags, found.own, found.failed) == ([bag], [out], {})
