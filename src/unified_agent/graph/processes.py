# SPDX-License-Identifier: Apache-2.0
"""The nodes of a graph as separate processes that all end together."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import yaml

from unified_agent.errors import UserError
from unified_agent.graph.domains import Domain
from unified_agent.graph.lists import Graph, NodeEntry
from unified_agent.nodes import parent

# Wall seconds that a process gets to end after each signal; the recorder has files to close.
PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))
TAIL_LINES = 5


class NodeFailed(UserError):
    """A node ended by itself: its own last words are in the message."""


class Processes:
    """Starts every node of a graph, each in a process and a session of its own.

    A context manager: leaving it ends all of them, and should this process be killed, the kernel ends them (Linux).

    Args:
        graph: what to start.
        domain: held for the graph until the last of the processes has ended.

    Attributes:
        logs: folder with what every node printed, one file each.
    """

    def __init__(self, graph: Graph, domain: Domain):
        self.logs = graph.run / "log"
        self._graph, self._domain = graph, domain
        self._running: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> "Processes":
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            for node in self._graph.nodes:
                self._start(node, "wb")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error) -> None:
        self.stop()

    def restart(self, name: str) -> None:
        """Start a node that has ended once more; its log goes on."""
        self._running[name].wait()
        self._start(next(node for node in self._graph.nodes if node.name == name), "ab")

    def _start(self, node: NodeEntry, mode: str) -> None:
        with self._log(node.name).open(mode) as log:
            self._running[node.name] = subprocess.Popen(
                self._command(node),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", **os.environ},
                start_new_session=True,
                pass_fds=[self._domain.fileno()],
                preexec_fn=parent.signal_when_it_dies,
            )

    def check(self) -> None:
        """Look whether all still run.

        Raises:
            NodeFailed: one has ended.
        """
        for name, process in self._running.items():
            if (code := process.poll()) is not None:
                how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
                raise NodeFailed(f"The node '{name}' {how}. Its last words, from {self._log(name)}:\n{self.tail(name)}")

    def pid(self, name: str) -> int:
        """Process id of a node."""
        return self._running[name].pid

    def tail(self, name: str) -> str:
        """The last lines that a node printed."""
        lines = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:]) or "  (nothing)"

    def stop(self) -> None:
        """End every process: SIGINT first, harder where that does not help."""
        for number, patience in PATIENCE:
            for process in self._running.values():
                if process.poll() is None:
                    _signal_group(process.pid, number)
            end = time.monotonic() + patience
            for process in self._running.values():
                try:
                    process.wait(max(0.0, end - time.monotonic()))
                except subprocess.TimeoutExpired:
                    continue
            if all(process.poll() is not None for process in self._running.values()):
                return

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _command(self, node: NodeEntry) -> list[str]:
        graph = self._graph
        # In a file, under the node's full name: ROS lets a file's section of a node win over '-p NAME:=VALUE'.
        last = self.logs / f"{node.name}.yaml"
        last.write_text(yaml.safe_dump({graph.full_name(node.name): {"ros__parameters": node.parameters}}))
        command = [sys.executable, "-m", node.module, "--ros-args"]
        for file in (*graph.parameter_files, *([last] if node.parameters else [])):
            command += ["--params-file", str(file)]
        if graph.namespace:
            command += ["-r", f"__ns:=/{graph.namespace}"]
        for before, after in graph.remaps:
            command += ["-r", f"{before}:={after}"]
        return command


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)
