# SPDX-License-Identifier: Apache-2.0
"""A folder of labels: which recordings are in it, which are to be looked at, and the table of what was found."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from unified_agent.documents import BadDocument
from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.recording.fingerprint import fingerprint, size
from unified_agent.training.relabelling.labels import Labels
from unified_agent.training.relabelling.looking import look
from unified_agent.training.relabelling.observers import LookTask
from unified_agent.training.relabelling.places import PICTURES, SCORES, SUMMARY, places
from unified_agent.training.relabelling.question import Question, settings
from unified_agent.training.relabelling.table import write_table
from unified_agent.vision.detector import Detector

KIND = "labels"
_PARTIAL = ".partial"


class Search:
    """One question asked of many recordings; stopped and begun again, it goes on where it was.

    Every recording is looked at in a hidden folder first, and what was made of it is moved to its place as a whole, its
    summary last. Use it as a context manager: other writers are kept out until `close`.

    Args:
        out: the folder; nothing in it is replaced but what was written into it before.
        bags: the recordings.
        model: tells the CLIP from others.
        device: where it computes.

    Attributes:
        names: recording -> its place in the folder.
        done: recording -> what was found, of those that need not be looked at again.

    Raises:
        FolderError: see `OwnFolder.claim`.
    """

    def __init__(
        self,
        out: Path,
        bags: Iterable[Path],
        detector: Detector,
        question: Question,
        model: str = "",
        device: str = "cpu",
    ):
        bags = [bag.resolve() for bag in bags]
        asked = settings(question, detector, model, device)
        self.folder = OwnFolder.claim(out, KIND, asked | {"clip": question.clip}, may_change={"clip"}, sources=bags)
        self._question = question
        self._calibrated = dict(zip(detector.sentences, map(bool, detector.calibrated), strict=True))
        try:
            self._clear()
            self._known = dict(self._summaries())
            named = places(bags, {Path(labels.source): name for name, labels in self._known.items()})
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
        for ending in self._endings():
            self.folder.place(name + ending)
        self.folder.place(_PARTIAL)
        return LookTask(bag, self.folder.path / _PARTIAL / name, Path(name).name, size(bag))

    def finish(self, bag: Path, labels: Labels) -> None:
        """Move what was made of a recording to its place."""
        name = self.names[bag]
        made = self.folder.path / _PARTIAL / name / Path(name).name
        for ending in self._endings():
            self.folder.remove(name + ending)
        for ending in reversed(self._endings()):
            path = made.with_name(made.name + ending)
            if path.exists():
                path.rename(self.folder.place(name + ending))
        self._known[name] = self.done[bag] = labels

    def abandon(self, bag: Path) -> None:
        """A recording could not be looked at: what was begun is deleted."""
        self.folder.remove(f"{_PARTIAL}/{self.names[bag]}")

    def write_table(self) -> None:
        """Write the table of all recordings in the folder, those of earlier calls among them."""
        whole = [name for name in sorted(self._known) if (self.folder.path / f"{name}{SUMMARY}").is_file()]
        write_table(self.folder, whole, self._calibrated, self._question.thumbnails)

    def close(self) -> None:
        """Tidy up, and let others write."""
        try:
            self._clear()
        finally:
            self.folder.close()

    def __enter__(self) -> "Search":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _endings(self) -> tuple[str, ...]:
        """Of what is made of a recording; the summary first, as it is removed first and moved last."""
        return (SUMMARY, SCORES, PICTURES, *([""] if self._question.copies else []))

    def _clear(self) -> None:
        if self.folder.owns(_PARTIAL):
            self.folder.remove(_PARTIAL)

    def _summaries(self) -> Iterator[tuple[str, Labels]]:
        for file in self.folder.files:
            path = self.folder.path / file
            if not file.endswith(SUMMARY) or not path.is_file():
                continue
            try:
                yield file.removesuffix(SUMMARY), Labels.load(path)
            except BadDocument as error:
                raise UserError(f"{error} Delete it, and its recording is looked at again.") from None

    def _is_done(self, bag: Path, name: str) -> bool:
        """Whether it was looked at, and neither it nor its copy has changed since."""
        labels = self._known.get(name)
        if labels is None or (self._question.copies and not (self.folder.path / name).is_dir()):
            return False
        try:
            return labels.fingerprint == fingerprint(bag)
        except OSError:
            return False


def relabel(
    bag: Path,
    out: Path,
    detector: Detector,
    question: Question,
    progress: Callable[[int], object] = lambda read: None,
) -> Labels:
    """Look at one recording in this process, and write what was found into ``out``.

    Raises:
        UserError: see `look` and `Search`.
    """
    bag = bag.resolve()
    with Search(out, [bag], detector, question) as search:
        if bag in search.done:
            return search.done[bag]
        task = search.task(bag)
        labels = look(task.bag, task.folder, task.name, detector, question, progress)
        search.finish(bag, labels)
        search.write_table()
        return labels
