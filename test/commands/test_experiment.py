# SPDX-License-Identifier: Apache-2.0
import importlib
import json
import sys
from types import ModuleType

import pytest

from unified_agent import experiments
from unified_agent.cli import main
from unified_agent.experiments.results import Results


@pytest.fixture
def counting(monkeypatch):
    """An experiment that counts to a number of its own."""
    module = ModuleType("unified_agent.experiments.counting")

    def run(folder, conditions):
        finished = Results(folder / "counting.jsonl")
        new = [str(seed) for seed in range(conditions.seeds) if str(seed) not in finished]
        for seed in new:
            finished.add(seed, {"to": conditions.options["to"]})
        return {"counted": new}

    module.run, module.tell = run, lambda result: f"counted {result['counted']}"
    module.draw = lambda result, path: path.write_bytes(b"picture")
    module.made_with = lambda conditions: {"world": "round"}
    module.add_arguments = lambda parser: parser.add_argument("--to", type=int, default=3)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(experiments.NAMES, "counting", "how far it counts")
    return module


def call(tmp_path, *more):
    return main(["experiment", "counting", "--out", str(tmp_path / "o"), "--results", str(tmp_path / "r"), *more])


def figures(tmp_path):
    return json.loads((tmp_path / "r" / "counting.json").read_text())


def test_an_experiment_has_options_of_its_own_and_seeds_can_be_added(counting, tmp_path):
    assert call(tmp_path, "--to", "7", "--seeds", "2") == 0
    assert figures(tmp_path)["counted"] == ["0", "1"]
    assert call(tmp_path, "--to", "7", "--seeds", "3") == 0
    found = figures(tmp_path)
    assert found["counted"] == ["2"]
    assert found["made_with"]["to"] == 7 and found["made_with"]["world"] == "round"


def test_a_finished_part_is_not_gone_on_from_with_another_option(counting, tmp_path, capsys):
    assert call(tmp_path, "--seeds", "1") == 0
    assert call(tmp_path, "--to", "9") == 2
    assert "to" in capsys.readouterr().err


def test_five_seeds_are_the_default_and_an_experiment_may_say_otherwise(counting, tmp_path):
    assert call(tmp_path) == 0
    assert len(figures(tmp_path)["counted"]) == 5
    counting.SEEDS = 6
    assert call(tmp_path) == 0
    assert figures(tmp_path)["counted"] == ["5"]


def test_an_experiment_that_does_not_exist_is_a_users_mistake(capsys):
    with pytest.raises(SystemExit) as left:
        main(["experiment", "explorations"])
    assert left.value.code == 2 and "exploration" in capsys.readouterr().err


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_experiment_can_be_run_told_drawn_and_gone_on_with(name):
    module = importlib.import_module(f"unified_agent.experiments.{name}")
    assert all(callable(getattr(module, part)) for part in ("run", "tell", "draw", "made_with"))
