# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import pytest

from unified_agent.errors import UserError
from unified_agent.folders import FolderError, OwnFolder, kind_of, refuse_overlap

SETTINGS = {"steps": 1000, "seed": 0}


def claim(path, **changes):
    return OwnFolder.claim(path, "run", SETTINGS | changes, may_change=("steps",))


def test_a_folder_goes_on_with_the_same_settings(tmp_path):
    with claim(tmp_path / "a") as folder:
        assert folder.new
        folder.place("sub/file").write_text("x")
    with claim(tmp_path / "a", steps=2000) as folder:
        assert not folder.new
        assert folder.files == ("sub/file",)
    assert kind_of(tmp_path / "a") == "run"


def test_other_settings_are_refused_with_the_difference(tmp_path):
    claim(tmp_path / "a").close()
    with pytest.raises(FolderError, match="seed was 0 and is 1 now"):
        claim(tmp_path / "a", seed=1)
    with pytest.raises(FolderError, match="holds a 'run'"):
        OwnFolder.claim(tmp_path / "a", "other", SETTINGS)


def test_somebody_elses_folder_is_left_alone(tmp_path):
    (tmp_path / "theirs.txt").write_text("x")
    with pytest.raises(FolderError, match="theirs.txt"):
        claim(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.txt"]


def test_a_folder_from_before_there_were_marks_is_adopted_where_all_of_it_is_ours(tmp_path):
    (tmp_path / "ours.txt").write_text("x")
    OwnFolder.claim(tmp_path, "run", {}, adopts=lambda entry: entry.suffix == ".txt").close()
    assert kind_of(tmp_path) == "run"


@pytest.mark.parametrize("path", ["/proc/here", "/dev/null", "/dev/null/here"])
def test_what_cannot_be_a_folder_is_told(path):
    from pathlib import Path

    with pytest.raises(FolderError, match="Give another"):
        claim(Path(path))


def test_a_second_writer_is_told(tmp_path):
    code = "from unified_agent.folders import OwnFolder; from pathlib import Path; import sys\n"
    code += "OwnFolder.claim(Path(sys.argv[1]), 'run', {})"
    with OwnFolder.claim(tmp_path / "a", "run", {}):
        run = subprocess.run([sys.executable, "-c", code, tmp_path / "a"], capture_output=True, text=True, check=False)
    assert "Another process is writing" in run.stderr


def test_only_what_the_manifest_names_is_deleted_or_overwritten(tmp_path):
    with claim(tmp_path / "a") as folder:
        (folder.place("ours") / "deep").mkdir(parents=True)
        (folder.path / "theirs").write_text("x")
        (folder.path / "ours" / "deep" / "link").symlink_to(folder.path / "theirs")
        folder.remove("ours")
        with pytest.raises(FolderError, match="not made by this command"):
            folder.remove("theirs")
        with pytest.raises(FolderError, match="not made by this command"):
            folder.place("theirs")
        assert [path.name for path in folder.path.iterdir() if path.name[0] != "."] == ["theirs"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\0b"])
def test_no_name_leaves_the_folder(tmp_path, name):
    with claim(tmp_path / "a") as folder, pytest.raises(UserError, match="leaves the folder"):
        folder.place(name)


def test_what_was_begun_in_vain_is_taken_away_and_nothing_else(tmp_path):
    with claim(tmp_path / "a") as folder:
        folder.place("meta/of/ours").touch()
        folder.place("data/ours").touch()
        (tmp_path / "a/data/theirs").touch()
        folder.dissolve()
    assert sorted(path.name for path in (tmp_path / "a").rglob("*")) == ["data", "theirs"]


def test_a_folder_in_its_own_source_is_refused(tmp_path):
    (tmp_path / "bag").mkdir()
    for target in (tmp_path / "bag", tmp_path / "bag" / "out"):
        with pytest.raises(FolderError, match="what is read"):
            OwnFolder.claim(target, "run", {}, sources=[tmp_path / "bag"])
    with pytest.raises(FolderError, match="holds what is read"):
        refuse_overlap(tmp_path, [tmp_path / "bag"])


def test_what_was_there_before_there_were_marks_is_ours(tmp_path):
    (tmp_path / "old").write_text("x")
    with OwnFolder.claim(tmp_path, "run", {}, adopts=lambda entry: True) as folder:
        assert folder.files == ("old",)
        folder.remove("old")
        assert folder.files == ()
    with OwnFolder.claim(tmp_path, "run", {}) as folder:
        assert folder.files == ()


def test_a_name_that_was_cut_off_in_the_manifest_spoils_no_other(tmp_path):
    with claim(tmp_path / "a") as folder:
        folder.place("one").write_text("x")
    with (tmp_path / "a" / ".unified_agent" / "files").open("a") as manifest:
        manifest.write("tw")
    with claim(tmp_path / "a") as folder:
        folder.place("two").write_text("x")
    with claim(tmp_path / "a") as folder:
        assert folder.files == ("one", "two")


def test_a_full_disk_is_told_and_leaves_the_file_of_before(tmp_path, monkeypatch):
    with claim(tmp_path / "a") as folder:
        path = folder.write("file", "before")

        def full(path, content):
            path.open("wb").close()
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(type(path), "write_bytes", full)
        with pytest.raises(FolderError, match="No space left on device"):
            folder.write("file", "after")
        assert path.read_text() == "before"
        assert [entry.name for entry in folder.path.iterdir() if "partial" in entry.name] == []


def test_another_writer_may_be_waited_for(tmp_path):
    code = "from unified_agent.folders import OwnFolder; from pathlib import Path; import sys, time\n"
    code += "own = OwnFolder.claim(Path(sys.argv[1]), 'run', {}); print('held', flush=True); time.sleep(0.3)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "a"], stdout=subprocess.PIPE, text=True) as other:
        other.stdout.readline()
        OwnFolder.claim(tmp_path / "a", "run", {}, wait=60).close()


def test_a_mark_that_is_a_link_is_not_followed(tmp_path):
    claim(tmp_path / "ours").close()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".unified_agent").symlink_to(tmp_path / "ours" / ".unified_agent")
    with pytest.raises(FolderError, match="is a link"):
        claim(tmp_path / "a")
