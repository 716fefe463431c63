# SPDX-License-Identifier: Apache-2.0
"""The command's own run, with made-up episodes instead of collectors."""

import json
import subprocess
import sys

import pytest

from unified_agent.errors import UserError
from unified_agent.policy.checkpoint import Policy
from unified_agent.training.policy import diary, learning_run
from unified_agent.training.policy.buffer import GIB, Buffer
from unified_agent.training.policy.collect_and_infer import LearningSettings
from unified_agent.training.policy.experience import Provenance
from unified_agent.training.policy.learning_run import LearningRun

QUICK = {"actions": 20, "episodes": 4, "updates": 2, "last_updates": 2, "batch": 4, "evaluations": 2}


@pytest.fixture(autouse=True)
def quick(monkeypatch, dreams):
    def crew(run):
        gammas = tuple(run._detector.thresholds.tolist())
        return dreams(Provenance(run._model.fingerprint, gammas, run._arm.name))

    monkeypatch.setattr(LearningRun, "_crew", crew)
    monkeypatch.setattr(learning_run, "measure_skills", lambda *arguments, **more: {})
    monkeypatch.setattr(diary, "draw_curve", lambda *arguments: None)


def run(out, settings=None, **changes) -> LearningRun:
    return LearningRun(LearningSettings(task="grasp_red", **{**QUICK, **(settings or {})}), out, **changes)


def test_the_card_says_what_the_policy_was_made_with(tmp_path):
    session = run(tmp_path / "a", worlds=3)
    session.learn()
    card = Policy.load(str(tmp_path / "a" / "policy")).card
    made = card["made_with"]
    assert made["clip"] == session._model.fingerprint and made["arm"].startswith("fr3 ")
    assert made["plans"] == {"grasp_red": ["the robot is grasping the red object"]}
    assert card["actions"] >= 20 and card["last_updates"] == 2
    assert not {"worlds", "collectors"} & set(made)


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"settings": {"seed": 1}}, "seed was 0 and is 1 now"),
        ({"settings": {"clone": "prefix"}}, "clone was"),
        ({"settings": {"whole_task": True}}, "whole_task was"),
        ({"randomise": True}, "randomise was false and is true"),
        ({"pictures": False}, "pictures was"),
        ({"reuse": True}, "reuse was"),
        ({"thresholds": 0.9}, "thresholds was"),
        ({"clip": "f00"}, "clip was"),
        ({"arm": "fr3 0"}, "arm was"),
        ({"plans": {"grasp_red": ("the red object is on the table",)}}, "plans was"),
        ({"planner": "other"}, "planner was"),
    ],
)
def test_going_on_with_other_settings_is_refused_with_the_difference(tmp_path, monkeypatch, changes, difference):
    run(tmp_path / "a").learn()
    known = {key: changes[key] for key in ("settings", "randomise", "pictures", "reuse") if key in changes}
    session = run(tmp_path / "a", **known)
    if "thresholds" in changes:
        session._detector.thresholds[0] = 0.9
    if "clip" in changes:
        session._model.fingerprint = "f00"
    if "arm" in changes:
        monkeypatch.setattr(learning_run, "arm_identity", lambda arm: changes["arm"])
    session.plans = changes.get("plans", session.plans)
    session._planner = changes.get("planner", "none")
    before = (tmp_path / "a" / "policy" / "model.safetensors").read_bytes()
    with pytest.raises(UserError, match=difference):
        session.learn()
    assert (tmp_path / "a" / "policy" / "model.safetensors").read_bytes() == before


def test_more_actions_go_on_and_the_number_of_worlds_changes_nothing(tmp_path):
    run(tmp_path / "a").learn()
    card = run(tmp_path / "a", {"actions": 40}, worlds=1, collectors=1).learn()
    assert card["actions"] >= 40 and card["made_with"]["actions"] == 40
    with pytest.raises(UserError, match="would have ended after"):
        run(tmp_path / "a").learn()


def test_runs_that_share_a_buffer_keep_to_its_limit_and_learn_from_each_other(tmp_path):
    shared = tmp_path / "shared"
    run(tmp_path / "a", buffer=shared, buffer_limit=2.0).learn()
    card = run(tmp_path / "b", buffer=shared, reuse=True).learn()
    assert card["reused_demonstrations"] > 0
    assert Buffer(shared).limit == 2 * GIB
    with pytest.raises(UserError, match="buffer was"):
        run(tmp_path / "b", buffer=tmp_path / "another", reuse=True).learn()


def test_a_run_of_version_0_1_is_refused_and_left_alone(tmp_path):
    (tmp_path / "settings.json").write_text("{}")
    with pytest.raises(UserError, match=r"did not keep all its settings \('settings.json'\)"):
        run(tmp_path).learn()
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


def test_a_second_run_in_the_same_folder_is_told(tmp_path):
    code = "from unified_agent.folders import OwnFolder; from pathlib import Path; import sys, time\n"
    code += "own = OwnFolder.claim(Path(sys.argv[1]), 'learning run', {}); print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "a"], stdout=subprocess.PIPE, text=True) as other:
        other.stdout.readline()
        with pytest.raises(UserError, match="Another process is writing"):
            run(tmp_path / "a").learn()
        other.kill()


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), -1.0, 0.0, 1e30])
def test_a_limit_that_makes_no_sense_is_refused(tmp_path, limit):
    with pytest.raises(UserError, match="limit is more than 0 GiB"):
        run(tmp_path / "a", buffer_limit=limit)
    assert not (tmp_path / "a").exists()


def test_scoring_anew_needs_old_episodes(tmp_path):
    with pytest.raises(UserError, match="--reuse as well"):
        run(tmp_path / "a", rescore=True)


def test_what_is_kept_is_plain_json(tmp_path):
    run(tmp_path / "a").learn()
    about = json.loads((tmp_path / "a" / ".unified_agent" / "about.json").read_text())
    assert about["kind"] == "learning run" and about["settings"]["version"]
