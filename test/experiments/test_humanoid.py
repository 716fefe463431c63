# SPDX-License-Identifier: Apache-2.0
import json

import pytest

pytest.importorskip("stable_baselines3", reason="the extra 'baselines' is not installed")

from unified_agent.errors import UserError
from unified_agent.experiments import Conditions
from unified_agent.experiments.humanoid import draw, run, tell

OPTIONS = {"task": "kneeling", "alpha": 0.0, "steps": 100, "envs": 1, "checkpoint_every": 0, "films": 1}


@pytest.fixture
def conditions(tiny_folder, monkeypatch):
    monkeypatch.setitem(run.__globals__["_QUICK"], "warm_up", 100)
    return Conditions(seeds=1, quick=True, clip=str(tiny_folder), options=OPTIONS)


@pytest.mark.timeout(400)  # two processes of physics and pictures: minutes where the cores are taken
def test_a_run_ends_in_films_that_people_rate(conditions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("humanoid")
    result = run(folder, conditions)
    assert [(row["decisions"], row["films"], row["rated"]) for row in result["rows"]] == [(100, 1, 0)]
    assert "Nobody has rated" in tell(result)
    assert len(list((folder / "page" / "films").glob("*.mp4"))) == 1

    key = json.loads((folder / "key.json").read_text())
    said = {"page": key["page"], "rater": "Ada", "ratings": dict.fromkeys(key["films"], True)}
    (folder / "page" / "ratings-Ada.json").write_text(json.dumps(said))
    again = run(folder, conditions)
    assert (again["rows"][0]["rated"], again["rows"][0]["success"]) == (1, 1)
    assert "100%" in tell(again)
    draw(again, folder / "humanoid.png")


def test_an_unknown_task_is_told_with_the_nearest(conditions, tmp_path):
    wrong = Conditions(seeds=1, quick=True, clip=conditions.clip, options={**OPTIONS, "task": "kneel"})
    with pytest.raises(UserError, match="Did you mean 'kneeling'"):
        run(tmp_path / "out", wrong)
