# SPDX-License-Identifier: Apache-2.0
"""Trials in MuJoCo with a scripted hand and an eye that knows the true poses, or sees nothing."""

import numpy as np
import pytest

from unified_agent.language.subgoals import VOCABULARY, SubGoal
from unified_agent.sim.env import StackObjects
from unified_agent.trials.trial import Trial, run_trial


class Hand:
    """Acts at the object that the sentence names."""

    def act(self, state, sentence, rng):
        goal = SubGoal.parse(sentence)
        return state.objects[goal.support or goal.subject][:2]


class Eye:
    """What is true in a world, in the detector's words."""

    sentences = tuple(goal.sentence for goal in VOCABULARY)

    def __init__(self, world, blind=False):
        self._world, self._blind = world, blind
        self.frames = 0

    def look(self, frames):
        self.frames += 1
        return np.array([bool(self._world.holds(goal)) and not self._blind for goal in VOCABULARY])

    def held(self, views):
        return views


@pytest.fixture
def env():
    env = StackObjects("stack_red_on_blue", camera_size=(16, 16))
    env.reset(seed=3)
    yield env
    env.close()


def test_a_plan_is_carried_out_and_judged_on_few_frames(env):
    eye = Eye(env.world)
    assert run_trial(env, Hand(), eye, env.task.plan, np.random.default_rng(0)) == Trial(True, True, actions=2)
    assert eye.frames <= 6 + 3 + 3 + 1


def test_what_is_not_seen_is_not_claimed(env):
    trial = run_trial(env, Hand(), Eye(env.world, blind=True), env.task.plan, np.random.default_rng(0), tries=2)
    assert (trial.claimed, trial.actions) == (False, 2)
    assert trial.reason.endswith("was not seen after 2 tries")
