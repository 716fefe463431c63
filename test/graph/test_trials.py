# SPDX-License-Identifier: Apache-2.0
"""Trials in a graph that is only made up: what is asked of it, and in which order."""

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="the graph needs ROS 2")

from unified_agent.graph import trials
from unified_agent.sim import tasks


class MadeUp:
    """A follower of a graph that answers everything at once, and ends an episode with ``outcome``."""

    def __init__(self, outcome: str):
        self._ends = outcome
        self.asked, self.outcome, self.diagnostics = [], "", {}
        self.node = SimpleNamespace(create_client=self._client)

    def say(self, instruction: str) -> None:
        self.asked.append("say")
        self.outcome = self._ends

    def poll(self):
        self.diagnostics[trials.BRIDGE] = object()
        return ()

    def figure(self, node: str, key: str) -> str:
        return "the robot is grasping the red object" if key == "true" else "3"

    def _client(self, kind, name: str):
        def ask(request):
            self.asked.append(name.rpartition("/")[2])
            return SimpleNamespace(done=lambda: True, result=lambda: SimpleNamespace(results=[]))

        return SimpleNamespace(call_async=ask, srv_name=name)


def run(outcome: str):
    graph = MadeUp(outcome)
    trial = trials.Trials(SimpleNamespace(check=lambda: None), graph).run(tasks.get("grasp_red"), seed=0)
    return graph, trial


def test_an_arm_that_was_stopped_in_one_trial_moves_in_the_next():
    graph, trial = run("success")
    assert graph.asked == ["set_parameters", "resume", "reset", "say"]
    assert (trial.success, trial.claimed, trial.actions) == (True, True, 3)


def test_a_trial_whose_end_does_not_come_is_one_that_failed(monkeypatch):
    monkeypatch.setattr(trials, "EPISODE_LIMIT", 0.0)
    trial = run("")[1]
    assert not trial.claimed
    assert "in vain for the end of" in trial.reason
