# SPDX-License-Identifier: Apache-2.0
"""Processes: started together, ended together, none left behind. Light programs stand for the nodes."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from unified_agent.graph.domains import Domain
from unified_agent.graph.lists import Graph
from unified_agent.graph.processes import NodeFailed, Processes

SLEEPER = "import time\nprint('sleeping', flush=True)\ntime.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + SLEEPER
FAILING = "import sys\nprint('my last words', flush=True)\nsys.exit(3)\n"


@dataclass(frozen=True)
class Program:
    """What `Processes` asks of a node."""

    name: str
    module: str
    parameters: dict


@pytest.fixture
def graph_of(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")

    def make(**programs: str) -> Graph:
        for name, code in programs.items():
            (tmp_path / f"{name}_program.py").write_text(code)
        nodes = tuple(Program(name, f"{name}_program", {}) for name in programs)
        return Graph(nodes, (Path("parameters.yaml"),), "", tmp_path / "run")

    return make


@pytest.fixture
def domain(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with Domain("test") as held:
        yield held


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if sys.platform == "linux" else True


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def test_leaving_ends_every_process(graph_of, domain):
    with Processes(graph_of(one=SLEEPER, two=SLEEPER), domain) as processes:
        wait_until(lambda: "sleeping" in processes.tail("one") and "sleeping" in processes.tail("two"))
        processes.check()
        pids = [processes.pid("one"), processes.pid("two")]
    assert not any(map(alive, pids))


def test_one_that_ends_is_named_with_its_last_words(graph_of, domain):
    with Processes(graph_of(one=SLEEPER, two=FAILING), domain) as processes:
        wait_until(lambda: not alive(processes.pid("two")) or "words" in processes.tail("two"))

        def failed():
            try:
                processes.check()
            except NodeFailed as error:
                return str(error)

        wait_until(failed)
        assert "'two' ended with status 3" in failed()
        assert "my last words" in failed()


def test_one_that_is_killed_is_told_from_one_that_ends(graph_of, domain):
    with Processes(graph_of(one=SLEEPER), domain) as processes:
        os.kill(processes.pid("one"), signal.SIGKILL)
        wait_until(lambda: not alive(processes.pid("one")))
        with pytest.raises(NodeFailed, match="'one' was killed by signal 9"):
            processes.check()


def test_one_that_does_not_listen_is_ended_all_the_same(graph_of, domain, monkeypatch):
    patience = ((signal.SIGINT, 0.3), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))
    monkeypatch.setattr("unified_agent.graph.processes.PATIENCE", patience)
    with Processes(graph_of(one=STUBBORN), domain) as processes:
        wait_until(lambda: "sleeping" in processes.tail("one"))
        pid = processes.pid("one")
    assert not alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_parent_that_is_killed_leaves_no_process_behind(graph_of, tmp_path):
    graph_of(one=SLEEPER)
    parent = (
        "import time\nfrom pathlib import Path\n"
        "from unified_agent.graph.domains import Domain\n"
        "from unified_agent.graph.lists import Graph, NodeEntry\n"
        "from unified_agent.graph import processes\n"
        "NodeEntry.module = property(lambda node: node.name + '_program')\n"
        f"graph = Graph((NodeEntry('one'),), (Path('p.yaml'),), '', Path({str(tmp_path / 'run')!r}))\n"
        "with processes.Processes(graph, Domain('test')) as started:\n"
        "    while 'sleeping' not in started.tail('one'):\n"
        "        time.sleep(0.05)\n"
        "    print(started.pid('one'), flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    assert alive(pid)
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not alive(pid))


PARAMETERS = (
    "import rclpy\nrclpy.init()\nnode = rclpy.create_node('one')\n"
    "print(node.get_fully_qualified_name(), node.resolve_topic_name('/clock'), end=' ')\n"
    "print({name: value.value for name, value in sorted(node._parameter_overrides.items())}, flush=True)\n" + SLEEPER
)


@pytest.mark.parametrize(("namespace", "name"), [("", "/one"), ("left", "/left/one")])
def test_arguments_come_before_a_file_of_the_persons_and_that_before_ours(graph_of, tmp_path, domain, namespace, name):
    pytest.importorskip("rclpy", reason="the nodes need ROS 2")
    graph = graph_of(one=PARAMETERS)
    ours, theirs = tmp_path / "ours.yaml", tmp_path / "theirs.yaml"
    ours.write_text("/**: {ros__parameters: {a: 1}}\n/**/one: {ros__parameters: {b: 1, c: 1, d: 1}}")
    theirs.write_text("/**: {ros__parameters: {a: 2}}\n/**/one: {ros__parameters: {b: 2, c: 2}}")
    node = replace(graph.nodes[0], parameters={"b": 3, "text": "yes: no"})
    graph = replace(graph, nodes=(node,), parameter_files=(ours, theirs), namespace=namespace)
    graph = replace(graph, remaps=(("/clock", "clock"),))
    with Processes(graph, domain) as processes:
        wait_until(lambda: "sleeping" in processes.tail("one"))
        said = processes.tail("one")
    assert f"{name} {f'/{namespace}' if namespace else ''}/clock" in said
    assert "{'a': 2, 'b': 3, 'c': 2, 'd': 1, 'text': 'yes: no'}" in said
