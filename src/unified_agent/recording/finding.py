# SPDX-License-Identifier: Apache-2.0
"""Which recordings lie in a folder, and which files make up one.

A folder whose ``metadata.yaml`` names files in it is one recording, and so is a folder that rosbag2 named its files
after (``run/run_0.mcap``). Other files are a recording each; those that rosbag2 split, ``name_0.mcap``, ``name_1.mcap``
and so on, numbered from 0 without leading zeros, are one together. A file and its packed twin count once.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from unified_agent.errors import UserError
from unified_agent.recording.losses import Losses
from unified_agent.recording.metadata import NAME, Metadata
from unified_agent.recording.source import PACKED, stem_of, storage_of

EXPECTED = "expected a rosbag2 directory, a .mcap, a .db3 or a ROS 1 .bag file"
# More folders than this below one path are not looked into: a link to the root of a disk lies there.
MOST_FOLDERS = 100_000
# What the system makes up, endlessly.
_MADE_UP = ("/proc", "/sys", "/dev")
_NUMBERED = re.compile(r"(.*)_(0|[1-9]\d{0,8})", re.DOTALL)


class NoBag(UserError):
    """A path that holds no recording, or none of which anything can be read."""


def find_bags(*paths: Path) -> list[Path]:
    """The recordings at paths and in all folders below them, each once, by name in each path.

    Folders below that are hidden are left out, links are followed once. What cannot be read but looks like a recording,
    or is a folder that may not be opened, is among them: `BagReader` says why.

    Raises:
        NoBag: there is none at one of the paths.
    """
    order: list[Path] = []
    chosen: dict[str, Path] = {}
    for path in map(Path, paths):
        here = sorted(_below(path)) if os.path.isdir(path) else [path]
        if not here or not os.path.lexists(path):
            raise NoBag(f"There is no recording in {path}: {EXPECTED}, or a folder that holds some.")
        order += here
        # What is no link first: it is named by its own place.
        for bag in sorted(here, key=os.path.islink):
            chosen.setdefault(os.path.realpath(bag), bag)
    # A link to a file of a folder that is a recording shows nothing new.
    kept = {bag for real, bag in chosen.items() if not (os.path.islink(bag) and os.path.dirname(real) in chosen)}
    return [bag for bag in dict.fromkeys(order) if bag in kept]


def files_of(path: Path, losses: Losses) -> tuple[list[Path], Metadata]:
    """The files of the recording at a path, in the order in which they were written, and its metadata.

    Args:
        path: a folder, or a file: the first of those that belong together stands for all of them.
        losses: what is missing, or lies there and does not belong to it, is told to them.

    Raises:
        NoBag: there is no recording, or there are several.
    """
    if os.path.isdir(path):
        try:
            return _files_in(path, losses)
        except OSError as error:
            raise NoBag(f"{path} cannot be read: {error.strerror or error}.") from None
    if not os.path.lexists(path):
        raise NoBag(f"There is no recording {path}: {EXPECTED}.")
    if storage_of(path.name) is None:
        raise NoBag(f"{path} is no recording: {EXPECTED}.")
    numbered = _NUMBERED.fullmatch(stem_of(path.name))
    if numbered is None or numbered[2] != "0" or os.path.lexists(path.parent / NAME):
        return [path], Metadata()
    groups = _groups(path.parent, _candidates(path.parent))
    group = next((group for group in groups if path in group), [path])
    return _once(group, losses), Metadata()


def _below(folder: Path) -> Iterator[Path]:
    """Recordings in a folder and in those below it."""
    made_up = {os.stat(path).st_dev for path in _MADE_UP if os.path.isdir(path)}
    waiting, seen = [folder], set()
    while waiting:
        here = waiting.pop()
        try:
            found = here.stat()
            if (found.st_dev, found.st_ino) in seen or found.st_dev in made_up:
                continue
            if len(seen) >= MOST_FOLDERS:
                raise NoBag(f"More than {MOST_FOLDERS} folders lie below {folder}: name those with recordings.")
            seen.add((found.st_dev, found.st_ino))
            files, folders = _candidates(here), _folders(here)
        except OSError:
            yield here
            continue
        if len(files) == 1 and _stems(files) == {here.name}:
            yield here  # whatever its metadata say: among thousands they need not be read
        else:
            yield from _recordings(here, files, Metadata.read(here, Losses()))
        # Links last: what can be reached without them is named by its own place.
        waiting = [*filter(os.path.islink, folders), *waiting, *(one for one in folders if not os.path.islink(one))]


def _recordings(folder: Path, files: list[Path], metadata: Metadata) -> list[Path]:
    """The paths that stand for the recordings in one folder."""
    listed = _listed(files, metadata)
    if not files:
        return [folder] if metadata.whole else []
    paths = [folder] if listed else []
    groups = _groups(folder, [file for file in files if file not in listed], _stems(listed))
    alone = len(groups) == 1 and not listed and os.path.lexists(folder / NAME)
    for group in groups:
        own = alone or (not listed and _stems(group) == {folder.name})
        paths.append(folder if own else group[0])
    return paths


def _files_in(folder: Path, losses: Losses) -> tuple[list[Path], Metadata]:
    files = _candidates(folder)
    metadata = Metadata.read(folder, losses)
    listed = _listed(files, metadata)
    for name in metadata.files:
        if not any(_is_named(file, name) for file in files):
            losses.add(f"{name[:100]}: the file is missing")
    groups = _groups(folder, [file for file in files if file not in listed], _stems(listed))
    own = [group for group in groups if _stems(group) == {folder.name}]
    if not listed and not groups:
        raise NoBag(f"The folder {folder} holds no .mcap, .db3 or .bag file: {EXPECTED}.")
    if not listed and not own and len(groups) > 1:
        names = ", ".join(group[0].name for group in groups[:5])
        raise NoBag(f"The folder {folder} holds {len(groups)} recordings ({names}): name one of them.")
    files = listed or (own or groups)[0]
    for file in (file for group in groups for file in group if file not in files):
        losses.add(f"{file.name[:100]}: it lies in the folder and does not belong to the recording")
    return _once(files, losses), metadata


def _listed(files: list[Path], metadata: Metadata) -> list[Path]:
    """The files that the metadata name, in their order; rosbag2 may leave out what they are packed with."""
    order = {name: number for number, name in enumerate(metadata.files)}
    found = {file: min((order[name] for name in _names(file) if name in order), default=None) for file in files}
    return sorted((file for file in files if found[file] is not None), key=lambda file: (found[file], file.name))


def _names(file: Path) -> tuple[str, ...]:
    name = file.name
    return (name, name + PACKED[0], *(name.removesuffix(ending) for ending in PACKED if name.endswith(ending)))


def _is_named(file: Path, name: str) -> bool:
    return name in _names(file)


def _groups(folder: Path, files: list[Path], taken: frozenset[str] = frozenset()) -> list[list[Path]]:
    """Files that belong together, in the order of their numbers."""
    groups: dict[tuple, list[tuple[int, Path]]] = {}
    for file in files:
        stem, storage = stem_of(file.name), storage_of(file.name)
        numbered = _NUMBERED.fullmatch(stem)
        key = (storage, numbered[1] if numbered else stem, bool(numbered))
        groups.setdefault(key, []).append((int(numbered[2]) if numbered else 0, file))
    result = []
    for (_, stem, numbered), members in groups.items():
        members.sort()
        if not numbered or members[0][0] == 0 or stem == folder.name or stem in taken:
            result.append([file for _, file in members])
        else:
            twins: dict[int, list[Path]] = {}
            for number, file in members:
                twins.setdefault(number, []).append(file)
            result += twins.values()
    return sorted(result)


def _stems(files: list[Path]) -> frozenset[str]:
    """Names of files without their endings and numbers."""
    stems = (stem_of(file.name) for file in files)
    return frozenset(numbered[1] if (numbered := _NUMBERED.fullmatch(stem)) else stem for stem in stems)


def _once(files: list[Path], losses: Losses) -> list[Path]:
    """Without the packed twins of files that are there unpacked."""
    kept: dict[str, Path] = {}
    for file in sorted(files, key=lambda file: len(file.name)):
        if (first := kept.setdefault(stem_of(file.name), file)) is not file:
            losses.add(f"{file.name[:100]}: not read beside {first.name[:100]}")
    return [file for file in files if file in kept.values()]


def _candidates(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [one.name for one in entries if not one.name.startswith(".") and not _is_folder(one)]
    return sorted(folder / name for name in names if storage_of(name) is not None)


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(
            (folder / one.name for one in entries if not one.name.startswith(".") and _is_folder(one)), reverse=True
        )


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
