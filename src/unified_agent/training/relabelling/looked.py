# SPDX-License-Identifier: Apache-2.0
"""A folder with what was made of many recordings: each whole or not at all, and none twice."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from unified_agent.documents import BadDocument
from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.recording.fingerprint import fingerprint, size
from unified_agent.training.relabelling.observers import LookTask
from unified_agent.training.relabelling.places import places

_PARTIAL = ".partial"


class Summary(Protocol):
    """What was made of one recording, in short.

    Attributes:
        source: its path.
        fingerprint: tells whether it has changed since.
    """

    source: str
    fingerprint: str


Found = TypeVar("Found", bound=Summary)


class Looked(Generic[Found]):
    """Stopped and begun again, it goes on where it was.

    Every recording is looked at in a hidden folder first, and what was made of it is moved to its place as a whole, its
    summary last. Use it as a context manager: other writers are kept out until `close`.

    Args:
        folder: claimed; closed where this fails.
        bags: the recordings.
        endings: of what is made of a recording behind its name; that of the summary first.
        load: reads a summary.
        state: tells whether a recording has changed.

    Attributes:
        names: recording -> its place in the folder.
        done: recording -> what was found, of those that need not be looked at again.
    """

    def __init__(
        self,
        folder: OwnFolder,
        bags: Iterable[Path],
        endings: tuple[str, ...],
        load: Callable[[Path], Found],
        state: Callable[[Path], str] = fingerprint,
    ):
        self.folder = folder
        self._endings, self._load, self._state = endings, load, state
        bags = list(bags)
        try:
            self._clear()
            self._known = dict(self._summaries())
            named = places(bags, {Path(found.source): name for name, found in self._known.items()})
        except BaseException:
            self.folder.close()
            raise
        self.names = {bag: named[bag] for bag in bags}
        self.done = {bag: self._known[name] for bag, name in self.names.items() if self._is_done(bag, name)}

    def task(self, bag: Path) -> LookTask:
        """What is to be done for one recording.

        Raises:
            FolderError: something that is not ours lies in its place.
        """
        name = self.names[bag]
        for ending in self._endings:
            self.folder.place(name + ending)
        self.folder.place(_PARTIAL)
        return LookTask(bag, self.folder.path / _PARTIAL / name, Path(name).name, size(bag))

    def finish(self, bag: Path, found: Found) -> None:
        """Move what was made of a recording to its place."""
        name = self.names[bag]
        made = self.folder.path / _PARTIAL / name / Path(name).name
        for ending in self._endings:
            self.folder.remove(name + ending)
        for ending in reversed(self._endings):
            path = made.with_name(made.name + ending)
            if path.exists():
                path.rename(self.folder.place(name + ending))
        self._known[name] = self.done[bag] = found

    def abandon(self, bag: Path) -> None:
        """A recording could not be looked at: what was begun is deleted."""
        self.folder.remove(f"{_PARTIAL}/{self.names[bag]}")

    def whole(self) -> dict[str, Found]:
        """Place -> what was found, of all recordings in the folder, those of earlier calls among them."""
        summary = self._endings[0]
        return {n: self._known[n] for n in sorted(self._known) if (self.folder.path / f"{n}{summary}").is_file()}

    def is_whole(self, name: str) -> bool:
        """Whether all that goes with a summary is still there."""
        return True

    def close(self) -> None:
        """Tidy up, and let others write."""
        try:
            self._clear()
        finally:
            self.folder.close()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clear(self) -> None:
        if self.folder.owns(_PARTIAL):
            self.folder.remove(_PARTIAL)

    def _summaries(self) -> Iterator[tuple[str, Found]]:
        summary = self._endings[0]
        for file in self.folder.files:
            path = self.folder.path / file
            # Every place is at least two names deep; what lies above is of the whole folder.
            if not file.endswith(summary) or "/" not in file or not path.is_file():
                continue
            try:
                yield file.removesuffix(summary), self._load(path)
            except BadDocument as error:
                raise UserError(f"{error} Delete it, and its recording is looked at again.") from None

    def _is_done(self, bag: Path, name: str) -> bool:
        """Whether it was looked at, and neither it nor what was made of it has changed since."""
        found = self._known.get(name)
        if found is None or not self.is_whole(name):
            return False
        try:
            return found.fingerprint == self._state(bag)
        except OSError:
            return False
