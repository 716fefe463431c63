# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.experiments import reward_control
from unified_agent.experiments.reward_control import TASKS


def row(*means: float, measure: str) -> dict:
    measured = [
        {"decisions": 100 * (1 + n), measure: [mean, mean] if measure == "own_steps" else mean}
        for n, mean in enumerate(means)
    ]
    return {"measured": measured, "seconds": 3.0, "cpu_seconds": 2.0}


@pytest.fixture
def result():
    runs = {
        task: {
            "sentence": [row(10, 500, measure=control.measure), row(10, 20, measure=control.measure)],
            "constant": [row(10, 9, measure=control.measure), row(10, 9, measure=control.measure)],
        }
        for task, control in TASKS.items()
    }
    return {"summary": reward_control.summary(runs), "films": dict.fromkeys(TASKS, "no such film"), "runs": runs}


def test_what_counts_is_the_policy_at_the_end_in_each_seed(result):
    found = result["summary"]["CartPole"]["sentence"]
    assert found["each"] == [500.0, 20.0] and found["enough"] == 1
    assert result["summary"]["CartPole"]["constant"]["enough"] == 0
    assert "1 of 2" in reward_control.tell(result)


def test_the_picture_is_drawn_without_its_film(result, tmp_path):
    reward_control.draw(result, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_seeds_that_were_measured_at_other_decisions_are_brought_to_one_grid():
    first, second = row(1, 3, measure="terminated"), row(0, 2, measure="terminated")
    second["measured"][0]["decisions"] = 50
    at, values = reward_control._curves([first, second], "terminated")
    assert at.tolist() == [100, 200] and values.tolist() == [[1, 3], [pytest.approx(2 / 3), 2]]
    assert isinstance(values, np.ndarray)
