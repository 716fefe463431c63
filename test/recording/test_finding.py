# SPDX-License-Identifier: Apache-2.0
import os
import shutil
from pathlib import Path

import pytest

from unified_agent.recording import finding
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.finding import NoBag, files_of, find_bags
from unified_agent.recording.losses import Losses
from unified_agent.recording.reader import BagReader

from .conftest import string

STRING = "std_msgs/msg/String"


def closed(folder: Path) -> Path:
    """A bag of one message."""
    with BagWriter(folder) as writer:
        writer.add_topic("/word", STRING)
        writer.write("/word", string(folder.name), 1)
    return folder


def loose(folder: Path, *names: str) -> Path:
    """The file of such a bag under other names, without metadata.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    bag = closed(folder / "original")
    for name in names:
        shutil.copy(bag / "original_0.mcap", folder / name)
    shutil.rmtree(bag)
    return folder


def found(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_bags(folder)]


def test_a_way_with_dots_and_a_hidden_parent_hide_nothing(tmp_path):
    closed(tmp_path / ".cache" / "runs" / "one")
    assert len(find_bags(tmp_path / ".cache" / "runs" / ".." / "runs")) == 1
    with pytest.raises(NoBag):
        find_bags(tmp_path)


def test_loose_files_are_a_recording_each(tmp_path):
    loose(
        tmp_path / "day", "open_door.mcap", "pick_cup.MCAP", "demo_1.mcap", "demo_2.mcap", "run_00.mcap", "run_01.mcap"
    )
    assert len(find_bags(tmp_path / "day")) == 6
    with pytest.raises(NoBag, match="6 recordings"):
        BagReader(tmp_path / "day")


def test_files_that_rosbag2_split_are_one_recording_in_the_order_of_their_numbers(tmp_path):
    loose(tmp_path / "day", *(f"run_{number}.mcap" for number in range(11)), "other.mcap")
    assert found(tmp_path / "day") == ["other.mcap", "run_0.mcap"]
    files, _ = files_of(tmp_path / "day" / "run_0.mcap", Losses())
    assert [file.name for file in files] == [f"run_{number}.mcap" for number in range(11)]
    assert files_of(tmp_path / "day" / "run_3.mcap", Losses())[0] == [tmp_path / "day" / "run_3.mcap"]


def test_a_folder_that_rosbag2_named_its_files_after_is_one_recording(tmp_path):
    loose(tmp_path / "run", "run_0.mcap", "run_1.mcap")
    assert find_bags(tmp_path / "run") == [tmp_path / "run"]
    assert len(list(BagReader(tmp_path / "run").messages())) == 2


def test_what_lies_beside_the_files_of_a_recording_is_its_own_and_is_told(tmp_path):
    bag = closed(tmp_path / "bag")
    shutil.copy(bag / "bag_0.mcap", bag / "stray.mcap")
    closed(bag / "inner")
    assert found(tmp_path) == ["bag", "bag/inner", "bag/stray.mcap"]
    reader = BagReader(bag)
    assert len(list(reader.messages())) == 1
    assert any("stray.mcap" in line for line in reader.losses)


def test_links_are_followed_once(tmp_path):
    bag = closed(tmp_path / "real" / "bag")
    (tmp_path / "a_link").symlink_to(tmp_path / "real")
    (bag / "loop").symlink_to(tmp_path)
    (tmp_path / "file.mcap").symlink_to(bag / "bag_0.mcap")
    elsewhere = closed(tmp_path.parent / f"{tmp_path.name}_elsewhere")
    (tmp_path / "outside").symlink_to(elsewhere)
    assert found(tmp_path) == ["outside", "real/bag"]
    (bag / "loop").unlink()
    assert find_bags(tmp_path / "real", tmp_path / "a_link") == [bag]


def test_what_cannot_be_opened_is_found_and_refused_with_its_reason(tmp_path):
    os.mkfifo(tmp_path / "pipe.mcap")
    (tmp_path / "nothing.db3").touch()
    (tmp_path / "gone.mcap").symlink_to(tmp_path / "nowhere")
    (tmp_path / "packed.mcap.lz4").write_bytes(b"\x04\x22\x4d\x18 and so on")
    reasons = {}
    for bag in find_bags(tmp_path):
        with pytest.raises(NoBag) as refused:
            BagReader(bag)
        reasons[bag.name] = str(refused.value)
    assert "no regular file" in reasons["pipe.mcap"]
    assert "is empty" in reasons["nothing.db3"]
    assert "No such file" in reasons["gone.mcap"]
    assert "packed (.lz4)" in reasons["packed.mcap.lz4"]


def test_a_folder_that_may_not_be_opened_is_told(tmp_path, monkeypatch):
    closed(tmp_path / "bag")
    (tmp_path / "secret").mkdir()
    scan = os.scandir

    def refusing(path):
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert found(tmp_path) == ["bag", "secret"]
    with pytest.raises(NoBag, match="Permission denied"):
        BagReader(tmp_path / "secret")


def test_a_pipe_in_the_place_of_the_metadata_is_not_waited_for(tmp_path):
    bag = closed(tmp_path / "bag")
    (bag / "metadata.yaml").unlink()
    os.mkfifo(bag / "metadata.yaml")
    reader = BagReader(find_bags(tmp_path)[0])
    assert len(list(reader.messages())) == 1
    assert any("no regular file" in line for line in reader.losses)


def test_a_packed_twin_is_not_read_a_second_time(tmp_path):
    import zstandard

    loose(tmp_path / "day", "run.mcap")
    packed = zstandard.compress((tmp_path / "day" / "run.mcap").read_bytes())
    (tmp_path / "day" / "run.mcap.zstd").write_bytes(packed)
    assert len(find_bags(tmp_path / "day")) == 1


@pytest.mark.parametrize("name", ["nowhere", "empty", "a\0b"])
def test_a_path_without_a_recording_is_told(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoBag, match="no recording"):
        find_bags(tmp_path / name)


def test_what_the_system_makes_up_and_endless_trees_are_not_walked(tmp_path, monkeypatch):
    with pytest.raises(NoBag, match="no recording"):
        find_bags(Path("/proc/self"))
    monkeypatch.setattr(finding, "MOST_FOLDERS", 3)
    (tmp_path / "a" / "b" / "c" / "d").mkdir(parents=True)
    with pytest.raises(NoBag, match="More than 3 folders"):
        find_bags(tmp_path)
