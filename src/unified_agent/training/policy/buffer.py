# SPDX-License-Identifier: Apache-2.0
"""The lifelong buffer: every episode of every run, on disk.

A folder of safetensors files, one a round of a run, each written whole under its final name. Nothing is ever
written into a finished file, so a killed process loses what it had not yet written and nothing else. Safetensors,
because the tensors of a file can be read without its pictures, by a library that many projects keep, and because
it cannot hold code.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from unified_agent.errors import UserError
from unified_agent.training.policy import experience
from unified_agent.training.policy.experience import Episode

SUFFIX = ".safetensors"
LIMIT = 8 * 2**30


class Buffer:
    """Experience on disk, in the order in which it was made.

    Args:
        folder: where the files are; made when it is not there.
        limit: bytes. When the files are larger together, the oldest are deleted first, whole files, never the
            newest one.

    Raises:
        UserError: the limit is not positive.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        if limit <= 0:
            raise UserError(f"The buffer's limit must be more than 0 bytes, not {limit}.")
        self.folder, self._limit = folder, limit
        folder.mkdir(parents=True, exist_ok=True)

    def files(self) -> list[Path]:
        """The finished files, oldest first."""
        return sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def write(self, name: str, episodes: Sequence[Episode]) -> Path:
        """Add episodes under a name; an existing file of that name (a round done again after a kill) is replaced."""
        path = self.folder / f"{name}{SUFFIX}"
        experience.save(episodes, path)
        self._shrink(keep=path)
        return path

    def episodes(self, frames: bool = False, without: str | None = None) -> Iterator[Episode]:
        """Every episode, oldest first, one file in memory at a time.

        Args:
            frames: with their pictures.
            without: leave out the files whose names begin like this.
        """
        for path in self.files():
            if without is None or not path.name.startswith(without):
                yield from experience.load(path, frames)

    def _shrink(self, keep: Path) -> None:
        files = self.files()
        total = sum(path.stat().st_size for path in files)
        for path in files:
            if total <= self._limit or path == keep:
                return
            total -= path.stat().st_size
            path.unlink()
