# SPDX-License-Identifier: Apache-2.0
"""Which recordings a command line means."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from unified_agent.folders import kind_of
from unified_agent.recording.copies import is_copy, without_copies
from unified_agent.recording.reader import NoBag, find_bags


@dataclass
class Recordings:
    """What lies at some paths.

    Attributes:
        bags: to look at, each once, in the order of their names.
        own: left out, as they are labelled copies: in the folder of labels itself, or beside recordings.
        failed: path -> why there is nothing.
    """

    bags: list[Path] = field(default_factory=list)
    own: list[Path] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def recordings_at(paths: Iterable[Path], out: Path) -> Recordings:
    """The recordings at the paths and in the folders there.

    Labelled copies in ``out`` are always left out, others where they were found in a folder together with recordings.
    """
    out = out.expanduser().resolve()
    found = Recordings()
    bags: dict[Path, None] = {}
    paths = list(dict.fromkeys(paths))
    for path in paths:
        real = path.expanduser().resolve()
        try:
            here = [bag.resolve() for bag in find_bags(path.expanduser())]
        except NoBag as error:
            if kind_of(out) and out in (real, *real.parents):
                found.own.append(real)
            else:
                found.failed[str(path)] = str(error)
            continue
        except OSError as error:
            found.failed[str(path)] = f"{error.strerror or error} ({error.filename or path})"
            continue
        own = [bag for bag in here if out in bag.parents and is_copy(bag)]
        found.own += own
        bags |= dict.fromkeys(bag for bag in here if bag not in own)
    kept, copies = without_copies(list(bags), paths)
    found.bags, found.own = sorted(kept), sorted({*found.own, *copies})
    return found
