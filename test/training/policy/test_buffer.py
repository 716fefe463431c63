# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from unified_agent.errors import UserError
from unified_agent.training.policy.buffer import Buffer


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


def test_a_limit_of_nothing_is_refused(tmp_path):
    with pytest.raises(UserError, match="more than 0 bytes"):
        Buffer(tmp_path, limit=0)
