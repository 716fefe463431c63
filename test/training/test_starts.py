# SPDX-License-Identifier: Apache-2.0
"""What is learnt from is never what is measured on: every start that each command asks the world for."""

import numpy as np
import pytest

from unified_agent.cli import main
from unified_agent.experiments import actors, sac, scheduling
from unified_agent.folders import OwnFolder
from unified_agent.language.subgoals import SENTENCES
from unified_agent.policy.checkpoint import Policy
from unified_agent.sim import starts, tasks
from unified_agent.sim.env import StackObjects
from unified_agent.training.policy import train_policy
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.collect_and_infer import CollectAndInfer, LearningSettings
from unified_agent.training.policy.experience import Provenance
from unified_agent.training.policy.practice import practise
from unified_agent.trials.evaluation import Agent

LEARNING = range(starts.MEASURING)
MEASURING = range(starts.MEASURING, starts.EVALUATION)
EVALUATION = range(starts.EVALUATION, 2**63)
SEEN = Provenance("f00", (0.3,) * len(SENTENCES), "fr3")


class Asked(Exception):
    """The first start that was asked for is known: the rest need not be played."""


@pytest.fixture
def asked(monkeypatch):
    """The seeds that environments are reset with; the first one ends what asked for it."""
    seeds = []

    def reset(env, *, seed=None, options=None):
        seeds.append(seed)
        raise Asked

    monkeypatch.setattr(StackObjects, "reset", reset)
    return seeds


@pytest.mark.parametrize(
    "words",
    [
        ["eval", "--planner", "none", "--task", "grasp_red", "--episodes", "1", "--seed", "3"],
        ["eval", "--teacher", "--task", "grasp_red", "--episodes", "1", "--seed", "3"],
    ],
)
def test_eval_starts_where_nothing_learns(asked, words):
    with pytest.raises(Asked):
        main(words)
    assert asked == [starts.evaluation(3)]


def test_play_starts_where_others_learn_for_its_recordings_are_learnt_from():
    assert Agent(policy="play").start(3) in LEARNING
    assert Agent().start(3) in EVALUATION


def test_what_practises_with_the_teacher_starts_below(asked, tmp_path):
    with OwnFolder.claim(tmp_path / "p", "practice", {}) as own, pytest.raises(Asked):
        practise("fr3", 1, 2**31 - 1, own)
    assert asked[0] in LEARNING


def test_skills_are_measured_where_nothing_learns(asked):
    with pytest.raises(Asked):
        train_policy.measure_skills(Policy.load("default", "cpu"), "fr3", episodes=1)
    assert asked[0] in EVALUATION


def test_experiments_evaluate_where_nothing_learns(asked, tmp_path):
    request = scheduling.REQUESTS[0]
    with pytest.raises(Asked):
        list(scheduling.evaluate_plans(Agent(planner="none"), [(request.task, ())], scheduling.SEED, False))
    with pytest.raises(Asked):
        actors.perform(tasks.get("grasp_red"), 0, "fr3", tmp_path / "video.mp4")
    assert all(seed in EVALUATION for seed in asked) and len(asked) == 2


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_collect_and_infer_learns_and_measures_from_different_starts(tmp_path, dreams, seed):
    crew, given = dreams(SEEN), []
    play = crew.play
    crew.play = lambda assignments, policy: given.append(assignments) or play(assignments, policy)
    settings = LearningSettings("grasp_red", actions=30, seed=seed, updates=1, last_updates=1, evaluations=3)
    with OwnFolder.claim(tmp_path / "run", "learning run", {}) as own:
        plans = {"grasp_red": ("the robot is grasping the red object",)}
        CollectAndInfer(settings, plans, crew, np.array(SEEN.thresholds), own, Buffer(tmp_path / "buffer")).run()
    for assignments in given:
        where = LEARNING if assignments[0].explore else MEASURING
        assert all(assignment.seed in where for assignment in assignments)
    assert {bool(assignments[0].explore) for assignments in given} == {True, False}


def test_sac_learns_and_measures_from_different_starts(monkeypatch):
    pytest.importorskip("stable_baselines3", reason="it is of the extra 'baselines'")
    from stable_baselines3.common import env_util

    begun = []

    def make(*_, seed, **more):
        begun.append(seed)
        if len(begun) == 2:
            raise Asked

    monkeypatch.setattr(env_util, "make_vec_env", make)
    with pytest.raises(Asked):
        sac.run("grasp_red", 2**31 - 1, "fr3", [10], 2)
    assert begun[0] in LEARNING and begun[1] in MEASURING
