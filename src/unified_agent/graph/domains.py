# SPDX-License-Identifier: Apache-2.0
"""One ROS domain, or one namespace of it, for each running graph: else two would hear each other's plans."""

import fcntl
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from unified_agent.errors import UserError
from unified_agent.paths import PACKAGE

VARIABLE = "ROS_DOMAIN_ID"
# Domains whose UDP ports lie below those that Linux hands out to programs; ROS itself takes them up to 232.
FREE, LAST = range(102), 232
# Of ROS, where ROS_DOMAIN_ID is not set.
DEFAULT = 0
# Wall seconds for which a lock may be held by somebody who only looks.
LOOK = 0.5


class DomainError(UserError):
    """There is no domain that this command may use."""


@dataclass(frozen=True)
class RunningGraph:
    """A graph of this person on this machine.

    Attributes:
        domain: number.
        namespace: of its nodes; empty: none.
        what: holds the domain: the folder of its run.
    """

    domain: int
    namespace: str
    what: str

    def __str__(self) -> str:
        where = f"  --namespace {self.namespace}" if self.namespace else ""
        return f"  {VARIABLE}={self.domain}{where}  {self.what}"


class Domain:
    """The ROS domain of a graph, or its namespace there, held as long as the graph runs.

    A context manager. A lock on a file is what holds it: the kernel frees it when the last process that has the file
    open ends, however it ends. Inside, ``ROS_DOMAIN_ID`` is set for this process and its children, unless ROS's own
    default is kept.

    Args:
        graph: what holds it, for people: the folder of its run.
        namespace: of the graph's nodes; graphs in different ones share a domain.
        choose: without ROS_DOMAIN_ID take the lowest that is free, not ROS's default.

    Attributes:
        number: of the domain; the person's ROS_DOMAIN_ID, else as ``choose`` says.

    Raises:
        DomainError: another graph of that namespace holds the person's domain, or all are held.
    """

    def __init__(self, graph: str, namespace: str = "", choose: bool = True):
        self._before = os.environ.get(VARIABLE)
        chosen = given()
        if chosen is None and not choose:
            chosen = DEFAULT
        candidates = FREE if chosen is None else [chosen]
        for number in candidates:
            file = _lock(number, namespace, LOOK if chosen is not None else 0.0)
            if file is not None:
                break
        else:
            raise DomainError(_taken(chosen, namespace))
        file.truncate(0)
        file.write(graph)
        file.flush()
        self.number, self._file = number, file
        if choose:
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


def running() -> list[RunningGraph]:
    """Every running graph of this person on this machine, by domain."""
    held = []
    for path in _folder().glob("domain_*.lock"):
        number, _, namespace = path.stem.removeprefix("domain_").partition("@")
        with path.open() as file:
            if number.isdigit() and not _locks(file, fcntl.LOCK_SH):
                held.append(RunningGraph(int(number), namespace.replace(".", "/"), file.read()))
    return sorted(held, key=lambda graph: (graph.domain, graph.namespace))


def join(namespace: str | None = None) -> str:
    """Use the domain of the running graph: the person's ROS_DOMAIN_ID, else that of the only graph that runs.

    Where no graph is known to run, ROS's own default is left as it is.

    Args:
        namespace: of the graph; None: that of the only one.

    Returns:
        The graph's namespace.

    Raises:
        DomainError: several graphs run and none was chosen.
    """
    chosen = given()
    graphs = [
        graph
        for graph in running()
        if chosen in (None, graph.domain) and (namespace is None or graph.namespace == namespace)
    ]
    if len(graphs) > 1:
        first = graphs[0]
        raise DomainError(
            f"{len(graphs)} graphs are running here; choose one:\n{_listed(graphs)}\n"
            f"for example: {VARIABLE}={first.domain} unified-agent say --namespace {first.namespace or '/'} ..."
        )
    for graph in graphs:
        os.environ[VARIABLE] = str(graph.domain)
        return graph.namespace
    return namespace or ""


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


def _lock(number: int, namespace: str, patience: float) -> TextIO | None:
    """The lock of a namespace of a domain; None where another process still has it after ``patience`` seconds."""
    part = f"@{namespace.replace('/', '.')}" if namespace else ""
    file = (_folder() / f"domain_{number}{part}.lock").open("a+")
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


def _taken(chosen: int | None, namespace: str) -> str:
    if chosen is None:
        return f"All ROS domains from {FREE[0]} to {FREE[-1]} are held by running graphs: stop one of them."
    graphs = [graph for graph in running() if (graph.domain, graph.namespace) == (chosen, namespace)]
    where = f"ROS domain {chosen}" + (f" in the namespace {namespace}" if namespace else "")
    return (
        f"A graph is running on {where} already, and two there would hear each other:\n{_listed(graphs)}\n"
        f"Stop it, or give this one a namespace of its own (namespace:=NAME), or set {VARIABLE} to another number."
    )


def _listed(graphs: Sequence[RunningGraph]) -> str:
    return "\n".join(map(str, graphs))
