# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from unified_agent.cli import main
from unified_agent.commands import up
from unified_agent.graph import lists
from unified_agent.graph.domains import Domain


def parsed(*words):
    import argparse

    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    return up.launch_arguments(parser.parse_args(["sim", *words]))


def test_arguments_are_taken_as_ros2_launch_and_as_other_programs_take_them():
    assert parsed("instruction:=a := b", "speed:=2") == {"instruction": "a := b", "speed": "2"}
    assert parsed("--instruction", "a b", "--clip-model", "x:y") == {"instruction": "a b", "clip_model": "x:y"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["instructoin:=x"], "Did you mean 'instruction'?"),
        (["stack the red one"], "Expected NAME:=VALUE"),
        (["speed:=fast"], "'speed' is a number"),
        (["task:=stack_red_on_blu"], "Did you mean 'stack_red_on_blue'?"),
    ],
)
def test_a_mistake_ends_with_2_before_anything_starts(words, why, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["up", "sim", *words]) == 2
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_runs_on_the_same_domain_stops_a_second_before_it_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with Domain("the first"):
        assert main(["up", "sim", f"runs:={tmp_path / 'runs'}"]) == 2
    assert f"running on ROS domain {os.environ['ROS_DOMAIN_ID']} already" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def hear_signals() -> None:
    """What is started hears the signals that the tests were told to ignore (in the background, under nohup)."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def started(tmp_path: Path, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "unified_agent.cli", "up", "sim", *words, f"runs:={tmp_path}", "--json"]
    environment = {**os.environ, "STARTED_BY": str(tmp_path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, preexec_fn=hear_signals, **pipes)


def running_nodes(tmp_path: Path) -> list[str]:
    """Command lines of the nodes that came from this test's process."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if ".nodes." in line and str(tmp_path).encode() in (process / "environ").read_bytes():
                lines.append(line)
        except OSError:
            continue
    return lines


def wait_for_nodes(tmp_path: Path, count: int) -> None:
    end = time.monotonic() + 60
    while len(running_nodes(tmp_path)) != count:
        assert time.monotonic() < end, running_nodes(tmp_path)
        time.sleep(0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_node_that_cannot_start_ends_all_and_is_named(tmp_path):
    process = started(tmp_path, "arm:=fr33")
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 2
    assert "Did you mean 'fr3'" in errors
    assert json.loads(output.splitlines()[-1])["ok"] is False
    assert running_nodes(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all(tmp_path, number):
    process = started(tmp_path)
    wait_for_nodes(tmp_path, len(lists.sim({}).nodes))
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    wait_for_nodes(tmp_path, 0)
