# SPDX-License-Identifier: Apache-2.0
"""Nodes and what started them; light programs stand for both."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unified_agent.nodes import parent

CHILD = (
    "import sys, time\nfrom unified_agent.nodes import parent\n"
    "if not parent.end_with_it():\n    sys.exit(9)\nprint('tied', flush=True)\ntime.sleep(600)\n"
)
PARENT = (
    "import os, subprocess, sys, time\nfrom unified_agent.nodes import parent\n"
    "os.environ[parent.VARIABLE] = str(os.getpid())\n"
    f"child = subprocess.Popen([sys.executable, '-c', {CHILD!r}], stdout=subprocess.PIPE, start_new_session=True)\n"
    "child.stdout.readline()\nprint(child.pid, flush=True)\ntime.sleep(600)\n"
)


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_launch_that_is_killed_takes_its_nodes_along():
    launch = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    node = int(launch.stdout.readline())
    assert alive(node)
    launch.kill()
    launch.communicate()
    end = time.monotonic() + 10
    while alive(node):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_node_whose_launch_has_gone_does_not_start():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    environment = {**os.environ, parent.VARIABLE: str(gone.pid)}
    assert subprocess.run([sys.executable, "-c", CHILD], env=environment, check=False).returncode == 9


def test_without_a_launch_nothing_is_tied(monkeypatch):
    monkeypatch.delenv(parent.VARIABLE, raising=False)
    assert parent.end_with_it()


def test_a_program_between_launch_and_node_is_let_be(monkeypatch):
    monkeypatch.setenv(parent.VARIABLE, str(os.getpid()))
    assert parent.end_with_it()
