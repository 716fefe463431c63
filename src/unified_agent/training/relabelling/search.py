# SPDX-License-Identifier: Apache-2.0
"""A folder of labels: which recordings are in it, which are to be looked at, and the table of what was found."""

from collections.abc import Callable, Iterable
from pathlib import Path

from unified_agent.folders import OwnFolder
from unified_agent.training.relabelling.labels import Labels
from unified_agent.training.relabelling.looked import Looked
from unified_agent.training.relabelling.looking import look
from unified_agent.training.relabelling.places import PICTURES, SCORES, SUMMARY
from unified_agent.training.relabelling.question import Question, settings
from unified_agent.training.relabelling.table import write_table
from unified_agent.vision.detector import Detector

KIND = "labels"


class Search(Looked):
    """One question asked of many recordings; stopped and begun again, it goes on where it was.

    Args:
        out: the folder; nothing in it is replaced but what was written into it before.
        bags: the recordings.
        model: tells the CLIP from others.
        device: where it computes.

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
        self._question = question
        self._calibrated = dict(zip(detector.sentences, map(bool, detector.calibrated), strict=True))
        self._copies = [""] if question.copies else []
        folder = OwnFolder.claim(out, KIND, asked | {"clip": question.clip}, may_change={"clip"}, sources=bags)
        super().__init__(folder, bags, (SUMMARY, SCORES, PICTURES, *self._copies), Labels.load)

    def write_table(self) -> None:
        """Write the table of all recordings in the folder, those of earlier calls among them."""
        write_table(self.folder, self.whole(), self._calibrated, self._question.thumbnails)

    def is_whole(self, name: str) -> bool:
        """Whether its copy is there, where there are copies."""
        return not self._copies or (self.folder.path / name).is_dir()


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
