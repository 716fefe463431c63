# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from unified_agent.recording.fingerprint import fingerprint, size


def test_a_fingerprint_changes_with_names_sizes_and_times(tmp_path):
    file = tmp_path / "a.mcap"
    file.write_bytes(b"1")
    seen = [fingerprint(tmp_path)]
    os.utime(file, ns=(1, 1))
    seen.append(fingerprint(tmp_path))
    (tmp_path / "a.db3-wal").write_bytes(b"")
    seen.append(fingerprint(tmp_path))
    assert len(set(seen)) == 3
    assert fingerprint(tmp_path) == seen[-1]


@pytest.mark.parametrize("later", ["a_1.mcap", "a_0.mcap-wal"])
def test_the_fingerprint_of_a_file_tells_of_those_that_go_on_with_it(tmp_path, later):
    (tmp_path / "a_0.mcap").write_bytes(b"1")
    (tmp_path / "b_1.mcap").write_bytes(b"1")
    before = fingerprint(tmp_path / "a_0.mcap")
    (tmp_path / later).write_bytes(b"23")
    assert fingerprint(tmp_path / "a_0.mcap") != before
    assert size(tmp_path / "a_0.mcap") == 3
