# SPDX-License-Identifier: Apache-2.0
"""All finds in all recordings of a folder: one table, as JSON lines and as CSV, with the best of them as pictures."""

import csv
import heapq
import json
from collections.abc import Iterator, Mapping

from unified_agent.folders import OwnFolder
from unified_agent.recording.cdr import NANO
from unified_agent.training.relabelling.labels import Find, Labels
from unified_agent.training.relabelling.pictures import ACROSS, overview
from unified_agent.training.relabelling.places import PICTURES, SUMMARY

LINES, ROWS, OVERVIEW = "moments.jsonl", "moments.csv", "moments.png"


def write_table(folder: OwnFolder, names: Mapping[str, str], calibrated: Mapping[str, bool], thumbnails: int) -> None:
    """Write the table anew from the summaries; thumbnails beyond so many of a sentence are deleted.

    Args:
        names: of the recordings in the folder, in the order of the table -> their sources.
        calibrated: sentence -> whether its threshold was measured for it.
    """
    best: dict[str, list[tuple[float, str, str, Find]]] = {}
    targets = [folder.place(LINES), folder.place(ROWS)]
    partials = [path.with_name(f".{path.name}.partial") for path in targets]
    kept = _kept(folder, names, thumbnails)
    with (
        partials[0].open("w", encoding="utf-8", errors="backslashreplace") as lines,
        partials[1].open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        rows: csv.DictWriter | None = None
        for name, labels in _summaries(folder, names):
            for find in labels.finds:
                picture = f"{name}{PICTURES}/{find.picture}" if find.picture else ""
                if picture not in kept:
                    picture = ""
                row = _row(name, labels, find, calibrated.get(find.sentence, False), picture)
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                if rows is None:
                    rows = csv.DictWriter(file, row)
                    rows.writeheader()
                rows.writerow(row)
                if picture:
                    margin = find.peak - labels.thresholds[find.sentence]
                    best.setdefault(find.sentence, []).append((-margin, name, picture, find))
        if rows is None:
            csv.writer(file).writerow(_COLUMNS)
    for partial, target in zip(partials, targets, strict=True):
        partial.replace(target)
    _draw(folder, best)


_COLUMNS = (
    "recording",
    "source",
    "sentence",
    "from",
    "to",
    "from_stamp",
    "to_stamp",
    "reached",
    "peak",
    "peak_at",
    "peak_stamp",
    "threshold",
    "calibrated",
    "moments",
    "unfamiliar",
    "picture",
)


def _row(name: str, labels: Labels, find: Find, calibrated: bool, picture: str) -> dict:
    values = (
        name,
        labels.source,
        find.sentence,
        find.begin,
        find.end,
        _seconds(find.begin_stamp),
        _seconds(find.end_stamp),
        find.reached,
        find.peak,
        find.peak_at,
        _seconds(find.peak_stamp),
        labels.thresholds[find.sentence],
        calibrated,
        find.moments,
        find.unfamiliar,
        picture,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _seconds(stamp: int) -> str:
    """Text: a float has no place for nanoseconds."""
    return f"{stamp // NANO}.{stamp % NANO:09d}"


def _summaries(folder: OwnFolder, names: Mapping[str, str]) -> Iterator[tuple[str, Labels]]:
    for name in names:
        yield name, Labels.load(folder.path / f"{name}{SUMMARY}")


def _kept(folder: OwnFolder, names: Mapping[str, str], thumbnails: int) -> set[str]:
    """The thumbnails of the highest peaks of each sentence; the others are deleted."""
    best: dict[str, list[tuple[float, str]]] = {}
    for name, labels in _summaries(folder, names):
        for find in labels.finds:
            picture = f"{name}{PICTURES}/{find.picture}"
            if not find.picture or not (folder.path / picture).is_file():
                continue
            kept = best.setdefault(find.sentence, [])
            heapq.heappush(kept, (find.peak - labels.thresholds[find.sentence], picture))
            if len(kept) > thumbnails:
                folder.remove(heapq.heappop(kept)[1])
    return {picture for kept in best.values() for _, picture in kept}


def _draw(folder: OwnFolder, best: Mapping[str, list[tuple[float, str, str, Find]]]) -> None:
    if not best:
        if folder.owns(OVERVIEW):
            folder.remove(OVERVIEW)
        return
    rows = [
        (
            sentence,
            [
                (f"{name}\n{find.peak_at:.2f} s, {find.peak:.3f}", folder.path / picture)
                for _, name, picture, find in sorted(shown, key=lambda one: one[:3])[:ACROSS]
            ],
        )
        for sentence, shown in sorted(best.items())
    ]
    overview(rows, folder.place(OVERVIEW))
