# SPDX-License-Identifier: Apache-2.0
import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from unified_agent.cli import main
from unified_agent.nodes import follower


def test_without_a_graph_it_says_how_to_start_one(monkeypatch, capsys):
    monkeypatch.setattr(follower, "DISCOVERY", 0.5)
    assert main(["say", "stack the red object on the blue object"]) == 2
    assert "unified-agent up sim" in capsys.readouterr().err
