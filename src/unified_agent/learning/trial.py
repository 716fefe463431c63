# SPDX-License-Identifier: Apache-2.0
"""One plan carried out in-process: the network acts, CLIP judges, MuJoCo's true poses only measure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SubGoal
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.pursuit import Outcome, Pursuit
from unified_agent.sim.env import StackObjectsEnv
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


def watch(env: StackObjectsEnv, detector: Detector, wanted: str) -> set[str]:
    """The sentences seen on 3 successive frames at 10 Hz, watching up to 0.8 s for the wanted one."""
    world = env.unwrapped.world
    history: list[np.ndarray] = []
    seen: set[str] = set()
    for _ in range(WATCHED_FRAMES):
        world.step(round(FRAME_PERIOD / world.timestep))
        frames = {camera: world.render(camera) for camera in world.cameras}
        history = [*history, detector.true(detector.scores(frames))][-SUCCESSIVE_FRAMES:]
        if len(history) == SUCCESSIVE_FRAMES:
            steady = np.all(history, axis=0)
            seen = {sentence for sentence, true in zip(detector.sentences, steady, strict=True) if true}
            if wanted in seen:
                break
    return seen


def run_trial(
    env: StackObjectsEnv,
    policy: Policy,
    detector: Detector,
    plan: Sequence[SubGoal],
    rng: np.random.Generator,
    tries: int = 8,
) -> Trial:
    """Carry out a plan in an environment that was just reset; its task says what success is."""
    pursuit = Pursuit(plan, tries=tries)
    world = env.unwrapped.world
    actions = 0
    while True:
        state = world.state()
        goal = pursuit.aim(state.holding)
        if goal is None:
            break
        low, high = env.action_space.low, env.action_space.high
        action = np.clip(policy.act(state, goal.sentence, rng), low, high).astype(env.action_space.dtype)
        try:
            env.step(action)
        except UserError as error:
            pursuit.fail(str(error))
            break
        actions += 1
        pursuit.judge(watch(env, detector, goal.sentence))
    claimed = pursuit.outcome is Outcome.SUCCESS
    return Trial(bool(env.unwrapped.task.success(world)), claimed, actions, pursuit.reason)
