# SPDX-License-Identifier: Apache-2.0
"""Which recordings there are to learn from: bags, and the episodes of datasets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from unified_agent.recording.copies import without_copies
from unified_agent.recording.fingerprint import fingerprint
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.reader import DatasetReader, NoDataset
from unified_agent.recording.reader import NoBag, find_bags


@dataclass(frozen=True)
class RecordingSource:
    """A recording that was found.

    Attributes:
        name: for people: its path, and in a dataset the episode's number.
        path: of the bag or the dataset.
        episode: in the dataset; None for a bag.
    """

    name: str
    path: Path
    episode: int | None = None

    def identity(self) -> list:
        """What tells whether it is the same recording as before; of a dataset, by its description."""
        return [self.name, fingerprint(self.path if self.episode is None else self.path / layout.INFO)]


def find_sources(paths: Sequence[Path], tell: Callable[[str], object] = print) -> list[RecordingSource]:
    """The recordings at these paths and in the folders below them, and the episodes of the datasets there.

    Labelled copies of recordings are left out beside them, which ``tell`` is told.

    Raises:
        NoBag: there is neither at one of the paths.
    """
    found: dict[str, RecordingSource] = {}
    bags: list[Path] = []
    for path in paths:
        datasets = _datasets(path)
        for dataset in datasets:
            for number in range(_episodes(dataset)):
                source = RecordingSource(f"{dataset}, episode {number}", dataset, number)
                found[source.name] = source
        try:
            bags += find_bags(path)
        except NoBag:
            if not datasets:
                raise NoBag(f"There is neither a recording nor a LeRobot dataset in {path}.") from None
    bags, copies = without_copies(bags, paths)
    if copies:
        tell(f"left out: {len(copies)} labelled copies among the recordings")
    found |= {str(bag.resolve()): RecordingSource(str(bag), bag) for bag in bags}
    return list(found.values())


def _episodes(dataset: Path) -> int:
    """How many there are; one of a dataset that cannot be read, so that reading it tells why."""
    try:
        return len(DatasetReader(dataset))
    except NoDataset:
        return 1


def _datasets(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    infos = [path / layout.INFO, *path.rglob(layout.INFO)]
    folders = dict.fromkeys(info.parents[1] for info in infos if info.is_file())
    return sorted(
        folder for folder in folders if not any(part.startswith(".") for part in folder.relative_to(path).parts)
    )
