# SPDX-License-Identifier: Apache-2.0
"""One ROS domain for each running graph: two graphs on one domain would hear each other's plans."""

import fcntl
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from unified_agent.errors import UserError
from unified_agent.paths import PACKAGE

VARIABLE = "ROS_DOMAIN_ID"
# Domains whose UDP ports lie below those that Linux hands out to programs; ROS itself takes them up to 232.
FREE, LAST = range(102), 232
# Wall seconds for which a lock may be held by somebody who only looks.
LOOK = 0.5


class DomainError(UserError):
    """There is no domain that this command may use."""


class Domain:
    """The ROS domain of a graph, held as long as the graph runs.

    A context manager. A lock on a file is what holds it: the kernel frees it when the last process that has the file
    open ends, however it ends. Inside, ``ROS_DOMAIN_ID`` is set for this process and its children.

    Args:
        graph: what holds it, for people: the folder of its run.

    Attributes:
        number: of the domain; the person's ROS_DOMAIN_ID, else the lowest that no graph of theirs holds.

    Raises:
        DomainError: another graph holds the person's domain, or all are held.
    """

    def __init__(self, graph: str):
        self._before = os.environ.get(VARIABLE)
        chosen = given()
        candidates = FREE if chosen is None else [chosen]
        for number in candidates:
            file = _lock(number, LOOK if chosen is not None else 0.0)
            if file is not None:
                break
        else:
            raise DomainError(_taken(chosen))
        file.truncate(0)
        file.write(graph)
        file.flush()
        self.number, self._file = number, file
        os.environ[VARIABLE] = str(number)

    def __enter__(self) -> "Domain":
        return self

    def __exit__(self, *error) -> None:
        self.free()

    def fileno(self) -> int:
        """The lock: a child process that keeps it open holds the domain too."""
        return self._file.fileno()

    def free(self) -> None:
        """Let go of the domain, and of ROS_DOMAIN_ID where it was not set before."""
        self._file.close()
        if self._before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = self._before


def given() -> int | None:
    """The domain that the person set in ROS_DOMAIN_ID; None where it is unset or empty.

    Raises:
        DomainError: it is no domain.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > LAST:
        raise DomainError(f"{VARIABLE} is a whole number from 0 to {LAST}, not '{text}': set it so, or unset it.")
    return int(text)


def running() -> Mapping[int, str]:
    """Domain -> what holds it, for every running graph of this person on this machine."""
    held = {}
    for path in sorted(_folder().glob("domain_*.lock")):
        number = path.stem.removeprefix("domain_")
        with path.open() as file:
            if number.isdigit() and not _locks(file, fcntl.LOCK_SH):
                held[int(number)] = file.read()
    return dict(sorted(held.items()))


def join() -> int | None:
    """Use the domain of the running graph: the person's ROS_DOMAIN_ID, else that of the only graph that runs.

    Returns:
        The domain; None where no graph is known to run, and ROS's own default is left as it is.

    Raises:
        DomainError: several graphs run and none was chosen.
    """
    if (chosen := given()) is not None:
        return chosen
    graphs = running()
    if len(graphs) > 1:
        raise DomainError(
            f"{len(graphs)} graphs are running here; choose one by its {VARIABLE}:\n" + _listed(graphs) + "\n"
            f"for example: {VARIABLE}={next(iter(graphs))} unified-agent say ..."
        )
    for number in graphs:
        os.environ[VARIABLE] = str(number)
        return number
    return None


def _folder() -> Path:
    """Where the locks are: this person's run-time folder, else one of theirs among the temporary files."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK | os.X_OK):
        folder = Path(runtime) / PACKAGE
    else:
        folder = Path(tempfile.gettempdir()) / f"{PACKAGE}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise DomainError(f"{folder} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR to a folder of yours.")
    return folder


def _lock(number: int, patience: float) -> TextIO | None:
    """The lock of a domain; None where another process still has it after ``patience`` seconds."""
    file = (_folder() / f"domain_{number}.lock").open("a+")
    end = time.monotonic() + patience
    while not _locks(file, fcntl.LOCK_EX):
        if time.monotonic() >= end:
            file.close()
            return None
        time.sleep(0.05)
    return file


def _locks(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken(chosen: int | None) -> str:
    if chosen is None:
        return f"All ROS domains from {FREE[0]} to {FREE[-1]} are held by running graphs: stop one of them."
    return (
        f"A graph is running on ROS domain {chosen} already, and two on one domain would hear each other:\n"
        f"{_listed({chosen: running().get(chosen, '')})}\n"
        f"Stop it, or set {VARIABLE} to another number, or unset it for one that is free."
    )


def _listed(graphs: Mapping[int, str]) -> str:
    return "\n".join(f"  {VARIABLE}={number}  {graph}" for number, graph in graphs.items())
