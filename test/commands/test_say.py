# SPDX-License-Identifier: Apache-2.0
import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from unified_agent.cli import main
from unified_agent.graph import following
from unified_agent.graph.domains import Domain


def test_without_a_graph_it_says_how_to_start_one(monkeypatch, capsys):
    monkeypatch.setattr(following, "DISCOVERY", 0.5)
    assert main(["say", "stack the red object on the blue object"]) == 2
    assert "unified-agent up sim" in capsys.readouterr().err


def test_of_two_graphs_it_asks_for_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ROS_DOMAIN_ID")
    with Domain("runs/first"):
        monkeypatch.delenv("ROS_DOMAIN_ID")
        with Domain("runs/second"):
            monkeypatch.delenv("ROS_DOMAIN_ID")
            assert main(["say", "grasp the red object"]) == 2
    assert "ROS_DOMAIN_ID=0  runs/first\n  ROS_DOMAIN_ID=1  runs/second" in capsys.readouterr().err


class Interrupted:
    """A follower whose person presses Ctrl-C while the arm moves."""

    plan, reached, seconds = (), (), 1.0

    def __init__(self, announce, namespace):
        self.outcome, self.namespace = "", namespace

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def say(self, instruction):
        pass

    def still_there(self):
        raise KeyboardInterrupt

    def cancel(self):
        self.outcome = "failure: cancelled"

    def poll(self):
        return iter([f"end     {self.outcome}"] if self.outcome else [])


def test_ctrl_c_cancels_and_waits_for_the_end(monkeypatch, capsys):
    monkeypatch.setattr(following, "Follower", Interrupted)
    assert main(["say", "grasp the red object", "--namespace", "/left", "--json"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["cancel", "end"]
    assert '"outcome": "failure: cancelled"' in lines[-1]
