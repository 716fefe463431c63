# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from unified_agent.cli import main
from unified_agent.trials import evaluation
from unified_agent.trials.trial import Trial


def test_a_misspelt_task_names_the_nearest_and_ends_with_2(capsys):
    assert main(["eval", "--task", "stack_red_on_blu"]) == 2
    assert "Did you mean 'stack_red_on_blue'?" in capsys.readouterr().err


def test_the_graph_is_not_measured_on_the_domain_of_another(tmp_path, monkeypatch, capsys):
    pytest.importorskip("rclpy", reason="the nodes need ROS 2")
    from unified_agent.graph.domains import Domain

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with Domain("the first"):
        assert main(["eval", "--graph", "--task", "grasp", "--episodes", "1"]) == 2
    assert "A graph is running on ROS domain" in capsys.readouterr().err


def test_no_episodes_is_a_user_mistake_and_json_says_so(capsys):
    assert main(["eval", "--episodes", "0", "--json"]) == 2
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["ok"] is False
    assert "'--episodes' must be 1 to" in answer["error"]


def test_recordings_are_only_made_through_the_graph(tmp_path, capsys):
    assert main(["eval", "--episodes", "1", "--runs", str(tmp_path)]) == 2
    assert "need --graph" in capsys.readouterr().err


def test_a_failed_trial_is_told_with_its_reason(monkeypatch, capsys):
    told = [
        Trial(success=True, claimed=True, actions=2),
        Trial(success=False, claimed=False, actions=8, reason="tired"),
    ]
    monkeypatch.setattr(evaluation, "evaluate", lambda *arguments: iter(told))
    assert main(["eval", "--task", "stack", "--episodes", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [failure["why"] for failure in result["failures"]] == ["tired"]
