# SPDX-License-Identifier: Apache-2.0
"""The start and the end of a node as a process, and its voice while it runs."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

import rclpy

from unified_agent.errors import UserError
from unified_agent.nodes import qos, shell


@pytest.fixture(autouse=True)
def process(monkeypatch):
    """The start of a node sets up its process, the end ignores signals from then on; this process goes on as it was."""
    monkeypatch.setattr(shell.transport, "make_room_for_images", lambda sends: None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


class Node:
    """What `main` asks of a node."""

    def __init__(self, spin):
        self.spin = spin
        self.closed = False

    def close(self):
        self.closed = True

    def destroy_node(self):
        assert self.closed


def shut_down_and_raise(error):
    def spin():
        rclpy.shutdown()
        raise error

    return spin


def raising(error):
    def spin():
        raise error

    return spin


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("Unable to convert call argument")])
def test_a_signal_in_the_middle_of_a_message_is_a_clean_end(error):
    node = Node(shut_down_and_raise(error))
    assert shell.main("test", lambda: node, []) == 0
    assert node.closed


def test_a_users_mistake_is_one_line_and_status_2(capsys):
    assert shell.main("test", lambda: Node(raising(UserError("do this"))), []) == 2
    assert capsys.readouterr().err == "test: do this\n"


@pytest.mark.parametrize("given", [("-p", "use_sim_time:=maybe"), ("-r", "__ns:=no/1namespace"), ("-p", "a b")])
def test_what_ros_itself_refuses_is_one_line_and_status_2(given, capsys):
    assert shell.main("test", lambda: shell.AgentNode("test"), ["--ros-args", *given]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("test: ")]
    assert len(said) == 1


def test_an_error_of_ours_is_not_hidden_and_what_must_not_be_lost_is_closed():
    node = Node(raising(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        shell.main("test", lambda: node, [])
    assert node.closed


def test_a_state_is_told_once_and_again_when_it_changes(graph):
    heard = graph.heard(qos.DIAGNOSTICS)
    node = graph.add(lambda overrides, context: shell.AgentNode("talker", overrides, context=context))
    graph.until(lambda: heard)
    heard.clear()
    for message in ("well", "well", "ill"):
        node.report(shell.OK, message)
    graph.spin(0.3)
    assert [array.status[0].message for array in heard] == ["well", "ill"]


@pytest.mark.parametrize("name", ["captioner", "planner", "policy"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_acts_at_once_while_a_model_loads_and_leaves_no_noise(name, number, tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"unified_agent.nodes.{name}", "--ros-args", "-p", "device:=cpu"],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    maps = Path(f"/proc/{process.pid}/maps")
    try:
        # The library is there long before the model is: this is in the middle of loading.
        end = time.monotonic() + 60
        while "libtorch" not in maps.read_text() and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(number)
        begin = time.monotonic()
        assert process.wait(30) == 0
        assert time.monotonic() - begin < 3.0
    finally:
        process.kill()
    said = log.read_text()
    assert "Traceback" not in said
    assert "nanobind" not in said
