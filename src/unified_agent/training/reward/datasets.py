# SPDX-License-Identifier: Apache-2.0
"""LeRobot datasets among what a command line names, and their episodes as things to reward."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from unified_agent.errors import UserError
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.reader import DatasetReader

# What makes up a dataset; what lies beside these changes nothing.
_PARTS = ("meta", "data", "videos", "images")
# Folders below one path that are looked into.
_MOST_FOLDERS = 100_000


def datasets_at(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    """Each path -> the datasets there and in the folders below it; links are not followed."""
    return {path: list(_below(path.expanduser())) for path in dict.fromkeys(paths)}


def _below(path: Path) -> Iterator[Path]:
    for number, (folder, names, _) in enumerate(os.walk(path)):
        if (Path(folder) / layout.INFO).is_file():
            yield Path(folder).resolve()
            names.clear()
        names[:] = sorted(name for name in names if not name.startswith("."))
        if number >= _MOST_FOLDERS:
            raise UserError(f"More than {_MOST_FOLDERS} folders lie below {path}: name those with recordings.")


class Episodes:
    """The episodes of datasets, each called by the path ``<dataset>/episode_N``, which need not exist.

    Attributes:
        failed: dataset -> why it cannot be read.
    """

    def __init__(self, folders: Iterable[Path]):
        self.failed: dict[str, str] = {}
        self._numbers: dict[Path, tuple[Path, int]] = {}
        self._readers: dict[Path, DatasetReader] = {}
        self._states: dict[Path, tuple[str, int]] = {}
        for folder in folders:
            try:
                reader = DatasetReader(folder)
            except UserError as error:
                self.failed[str(folder)] = str(error)
                continue
            if not len(reader):
                self.failed[str(folder)] = "it has no episodes"
            self._readers[folder] = reader
            self._numbers |= {
                folder / f"episode_{reader.index(number):06d}": (folder, number) for number in range(len(reader))
            }

    def __contains__(self, path: Path) -> bool:
        return path in self._numbers

    def __iter__(self) -> Iterator[Path]:
        return iter(self._numbers)

    def of(self, folder: Path) -> list[Path]:
        """Of one dataset, in its order."""
        return [path for path, (dataset, _) in self._numbers.items() if dataset == folder]

    @property
    def folders(self) -> list[Path]:
        """The datasets that can be read."""
        return list(self._readers)

    def place(self, path: Path) -> tuple[DatasetReader, int]:
        """The dataset of an episode, and its number there."""
        folder, number = self._numbers[path]
        return self._readers[folder], number

    def state(self, path: Path) -> str:
        """Changes when a file of the episode's dataset does: of names, sizes and times of change."""
        return self._looked_at(self._numbers[path][0])[0]

    def size(self, path: Path) -> int:
        """About the bytes of an episode: its share, by frames, of its dataset."""
        folder, number = self._numbers[path]
        reader = self._readers[folder]
        frames = sum(map(reader.length, range(len(reader))))
        return self._looked_at(folder)[1] * reader.length(number) // max(1, frames)

    def _looked_at(self, folder: Path) -> tuple[str, int]:
        if folder not in self._states:
            found, bytes_ = hashlib.sha256(), 0
            for file in sorted(one for part in _PARTS for one in (folder / part).rglob("*") if one.is_file()):
                stat = file.stat()
                name = os.fsencode(file.relative_to(folder))
                found.update(name + b"\0%d\0%d\0" % (stat.st_size, stat.st_mtime_ns))
                bytes_ += stat.st_size
            self._states[folder] = found.hexdigest(), bytes_
        return self._states[folder]
