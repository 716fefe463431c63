# SPDX-License-Identifier: Apache-2.0
"""Whether a recording is the one that was read before."""

import hashlib
import os
import re
from pathlib import Path


def fingerprint(bag: Path) -> str:
    """Changes when a file of the recording does: of names, sizes and times of change.

    Raises:
        OSError: it cannot be looked at.
    """
    found = hashlib.sha256()
    for path in _files(bag):
        state = path.stat()
        found.update(os.fsencode(path.name) + b"\0%d\0%d\0" % (state.st_size, state.st_mtime_ns))
    return found.hexdigest()


def size(bag: Path) -> int:
    """Of the recording's files, bytes; 0 where it cannot be looked at."""
    try:
        return sum(path.stat().st_size for path in _files(bag))
    except OSError:
        return 0


def _files(bag: Path) -> list[Path]:
    """Everything in its folder; of a file, those that rosbag2 split from it and SQLite's log as well."""
    if bag.is_dir():
        return sorted(path for path in bag.iterdir() if path.is_file())
    beside = [bag.with_name(f"{bag.name}-wal")]
    if first := re.fullmatch(r"(.+_)0(\..+)", bag.name):
        parts = re.compile(re.escape(first[1]) + r"\d+" + re.escape(first[2]) + "(-wal)?")
        beside = [path for path in bag.parent.iterdir() if path != bag and parts.fullmatch(path.name)]
    return [bag, *sorted(path for path in beside if path.is_file())]
