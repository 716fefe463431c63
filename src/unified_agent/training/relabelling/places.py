# SPDX-License-Identifier: Apache-2.0
"""What recordings are called in the folder of labels."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

# What lies beside a copy: the scores of every moment, the summary, the thumbnails, the picture of a reward.
SCORES, SUMMARY, PICTURES = ".csv", ".json", ".moments"
CURVE = ".png"
_ENDINGS = ("", SCORES, SUMMARY, PICTURES, CURVE)
# Of a name, so that endings fit behind it.
_LONGEST = 160


def places(bags: Iterable[Path], known: Mapping[Path, str] | None = None) -> dict[Path, str]:
    """A name for each recording: ``<run>/<bag>``, with more parents in front where two would be the same.

    It depends on the recordings and not on their order.

    Args:
        known: recordings that have a name already, and keep it.
    """
    known = known or {}
    bags = sorted(set(bags) - set(known))
    depths = dict.fromkeys(bags, 2)
    while True:
        names = {bag: _name(bag, depth) for bag, depth in depths.items()}
        clashing = _clashing(names, known.values())
        deeper = {bag for bag in clashing if depths[bag] < len(_parts(bag))}
        if not deeper:
            return {**known, **_numbered(names, clashing, set(known.values()))}
        for bag in deeper:
            depths[bag] += 1


def _parts(bag: Path) -> list[str]:
    """Names of the folders down to it; a file's without its ending."""
    bag = bag.resolve()
    return [_plain(part) for part in (*bag.parts[1:-1], bag.stem if bag.is_file() else bag.name)] or ["recording"]


def _plain(part: str) -> str:
    """A file name that any file system, any list of lines and any terminal can hold, and that is not hidden."""
    text = part.encode(errors="replace").decode()
    text = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in text)
    text = text.encode()[:_LONGEST].decode(errors="ignore")
    return f"_{text[1:]}" if text.startswith(".") else text or "_"


def _name(bag: Path, depth: int) -> str:
    parts = _parts(bag)
    return "/".join(parts[-depth:] if len(parts) > 1 else ["recordings", *parts])


def _clashing(names: Mapping[Path, str], taken: Collection[str]) -> set[Path]:
    """Those whose files would be the files of another, or lie in its copy."""
    files = Counter(name + ending for name in (*names.values(), *taken) for ending in _ENDINGS)
    clashing = set()
    for bag, name in names.items():
        inside = any(files[parent.as_posix()] for parent in PurePosixPath(name).parents)
        if inside or any(files[name + ending] > 1 for ending in _ENDINGS):
            clashing.add(bag)
    return clashing


def _numbered(names: dict[Path, str], clashing: Collection[Path], taken: set[str]) -> dict[Path, str]:
    """Where all parents do not tell two apart (letters were replaced), a number does."""
    given = {bag: name for bag, name in names.items() if bag not in clashing}
    for bag in sorted(clashing):
        number, name = 1, names[bag]
        while _clashing({bag: name}, [*given.values(), *taken]):
            number += 1
            name = f"{names[bag].replace('/', '_')}/{number}"
        given[bag] = name
    return given
