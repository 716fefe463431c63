# SPDX-License-Identifier: Apache-2.0
import os

import numpy as np
import pytest
from safetensors.numpy import save_file

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.training.policy import experience
from unified_agent.training.policy.buffer import GIB, Buffer


def written(buffer: Buffer, names: str, episode) -> None:
    for age, name in enumerate(names):
        os.utime(buffer.write(name, [episode()]), (1000 + age, 1000 + age))


def test_episodes_come_in_the_order_in_which_they_were_made(tmp_path, episode):
    buffer = Buffer(tmp_path)
    buffer.write("b", [episode(1), episode(2)])
    os.utime(tmp_path / "b.safetensors", (1, 1))
    buffer.write("a", [episode(3)])
    assert [len(e) for e in Buffer(tmp_path).episodes()] == [1, 2, 3]


def test_a_file_that_was_not_finished_does_not_count(tmp_path, episode):
    buffer = Buffer(tmp_path)
    buffer.write("a", [episode()])
    (tmp_path / ".b.safetensors.partial").write_bytes(b"half")
    assert len(list(buffer.episodes())) == 1


def test_a_round_done_again_replaces_itself(tmp_path, episode):
    buffer = Buffer(tmp_path)
    buffer.write("a", [episode(1)])
    buffer.write("a", [episode(2)])
    assert [len(e) for e in buffer.episodes()] == [2]


def test_the_oldest_files_make_room(tmp_path, episode):
    written(Buffer(tmp_path), "abc", episode)
    size = (tmp_path / "a.safetensors").stat().st_size
    Buffer(tmp_path, limit=int(2.5 * size)).write("d", [episode()])
    assert [path.stem for path in Buffer(tmp_path).files()] == ["c", "d"]


def test_the_newest_file_stays_however_small_the_limit(tmp_path, episode):
    Buffer(tmp_path, limit=1).write("a", [episode()])
    assert [path.stem for path in tmp_path.glob("*") if path.suffix] == ["a"]


@pytest.mark.parametrize("limit", [0, -1, 2**80])
def test_a_limit_that_makes_no_sense_is_refused(tmp_path, limit):
    with pytest.raises(UserError, match="more than 0 bytes"):
        Buffer(tmp_path, limit=limit)


def test_the_limit_is_the_buffer_s_own(tmp_path, episode):
    told = []
    identity = Buffer(tmp_path, limit=20 * GIB).identity
    again = Buffer(tmp_path, tell=told.append)
    assert (again.limit, again.identity, told) == (20 * GIB, identity, [])
    writer = Buffer(tmp_path)
    Buffer(tmp_path, limit=1, tell=told.append)
    assert "from now on" in told[0]
    writer.write("a", [episode()])
    writer.write("b", [episode()])
    assert [path.stem for path in writer.files()] == ["b"]


def test_what_makes_room_is_told_and_counted(tmp_path, episode):
    told = []
    buffer = Buffer(tmp_path, limit=1, tell=told.append)
    for name in "abc":
        buffer.write(name, [episode()])
    assert buffer.deleted[0] == 2 and buffer.deleted[1] > 1000
    assert len(told) == 1 and "oldest files make room" in told[0]


def test_files_of_others_are_neither_read_nor_deleted(tmp_path, episode):
    told = []
    Buffer(tmp_path, limit=1).write("a", [episode()])
    foreign = tmp_path / "weights.safetensors"
    save_file({"w": np.zeros(100)}, foreign)
    os.utime(foreign, (1, 1))
    buffer = Buffer(tmp_path, tell=told.append)
    buffer.write("b", [episode()])
    assert foreign.is_file() and [path.stem for path in buffer.files()] == ["b"]
    assert len(list(buffer.episodes())) == 1
    assert "weights.safetensors" in told[0]
    with pytest.raises(UserError, match="nothing is overwritten"):
        buffer.write("weights", [episode()])


def test_a_folder_of_other_things_is_no_buffer(tmp_path):
    save_file({"w": np.zeros(100)}, tmp_path / "weights.safetensors")
    with pytest.raises(UserError, match=r"weights\.safetensors"):
        Buffer(tmp_path, limit=1)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


def test_a_buffer_of_version_0_1_is_taken_over(tmp_path, episode):
    for age, name in enumerate("ba"):
        experience.save([episode(age + 1)], tmp_path / f"{name}.safetensors")
        os.utime(tmp_path / f"{name}.safetensors", (age, age))
    (tmp_path / ".c.safetensors.partial").write_bytes(b"half")
    assert [len(one) for one in Buffer(tmp_path).episodes()] == [1, 2]
    buffer = Buffer(tmp_path, limit=1)
    buffer.write("d", [episode()])
    assert [path.stem for path in buffer.files()] == ["d"]


def test_one_that_grew_beyond_the_default_keeps_all_it_has(tmp_path, episode, monkeypatch):
    experience.save([episode()], tmp_path / "a.safetensors")
    monkeypatch.setattr("unified_agent.training.policy.buffer.LIMIT", 10)
    told = []
    Buffer(tmp_path, tell=told.append).write("b", [episode()])
    assert len(Buffer(tmp_path).files()) == 2 and "grew to" in told[0]


def test_a_broken_file_is_told_once_and_left_out(tmp_path, episode):
    told = []
    buffer = Buffer(tmp_path, tell=told.append)
    for name in "abc":
        buffer.write(name, [episode()])
    (tmp_path / "b.safetensors").write_bytes(b"\0" * 64)
    for _ in range(2):
        assert len(list(buffer.episodes())) == 2
    assert len(told) == 1 and "b.safetensors" in told[0]
    assert list(buffer.skipped) == ["b.safetensors"]


@pytest.mark.parametrize("name", ["", "../x", "/x", "a/b", ".hidden", "a\nb", "a\0b", "x" * 300])
def test_no_name_leaves_the_folder(tmp_path, episode, name):
    with pytest.raises(UserError, match="is no name for a file"):
        Buffer(tmp_path / "buffer").write(name, [episode()])
    assert [path.name for path in tmp_path.iterdir()] == ["buffer"]


def test_a_full_disk_leaves_what_was_there(tmp_path, episode, monkeypatch):
    buffer = Buffer(tmp_path)
    buffer.write("a", [episode(1)])

    def full(path, content):
        path.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(UserError, match="No space left on device"):
        buffer.write("a", [episode(2)])
    monkeypatch.undo()
    assert [len(one) for one in buffer.episodes()] == [1]
    assert not list(tmp_path.glob("*.partial"))


def test_a_folder_of_another_kind_is_refused(tmp_path):
    OwnFolder.claim(tmp_path / "run", "learning run", {}).close()
    with pytest.raises(UserError, match="holds a learning run, not a buffer"):
        Buffer(tmp_path / "run")


def test_a_limit_that_cannot_be_read_is_told(tmp_path):
    Buffer(tmp_path)
    for text in ('{"identity": "x", "limit": -1}', '{"limit": "all"}', "[]", "{"):
        (tmp_path / ".unified_agent" / "buffer.json").write_text(text)
        with pytest.raises(UserError, match=r"buffer\.json"):
            Buffer(tmp_path)
