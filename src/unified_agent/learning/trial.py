# SPDX-License-Identifier: Apache-2.0
"""One plan carried out in-process: the network acts, CLIP judges, MuJoCo's true poses only measure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.language.subgoals import SubGoal
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.pursuit import Outcome, Pursuit
from unified_agent.sim.env import StackObjects
from unified_agent.vision.detector import Detector

FRAME_PERIOD = 0.1
SUCCESSIVE_FRAMES = 3
WATCHED_FRAMES = 8


@dataclass(frozen=True)
class Trial:
    """What came of one episode.

    Attributes:
        success: whether the task is done, by MuJoCo's true poses.
        claimed: whether the agent believed so.
        actions: picks and places it took.
        reason: why it gave up; empty when it did not.
    """

    success: bool
    claimed: bool
    actions: int
    reason: str = ""


def watch(env: StackObjects, detector: Detector, wanted: str) -> set[str]:
    """The sentences seen on 3 successive frames at 10 Hz, watching up to 0.8 s for the wanted one."""
    world = env.world
    history: list[np.ndarray] = []
    seen: set[str] = set()
    for _ in range(WATCHED_FRAMES):
        world.step(round(FRAME_PERIOD / world.timestep))
        history = [*history, detector.true(detector.scores(env.frames()))][-SUCCESSIVE_FRAMES:]
        if len(history) == SUCCESSIVE_FRAMES:
            steady = np.all(history, axis=0)
            seen = {sentence for sentence, true in zip(detector.sentences, steady, strict=True) if true}
            if wanted in seen:
                break
    return seen


def run_trial(
    env: StackObjects,
    policy: Policy,
    detector: Detector,
    plan: Sequence[SubGoal],
    rng: np.random.Generator,
    tries: int = 8,
) -> Trial:
    """Carry out a plan in an environment that was just reset; its task says what success is."""
    pursuit = Pursuit(plan, tries=tries)
    low, high = env.action_space.low, env.action_space.high
    actions = 0
    while (goal := pursuit.aim(env.state.holding)) is not None:
        env.perform(np.clip(policy.act(env.state, goal.sentence, rng), low, high))
        actions += 1
        pursuit.judge(watch(env, detector, goal.sentence))
    return Trial(env.task.success(env.world), pursuit.outcome is Outcome.SUCCESS, actions, pursuit.reason)
