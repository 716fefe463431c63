# SPDX-License-Identifier: Apache-2.0
"""One plan carried out in-process: the network acts, CLIP judges, MuJoCo's true poses only measure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.agent.execution import Phase, PlanExecution
from unified_agent.agent.pursuit import Outcome
from unified_agent.language.subgoals import SubGoal
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.play import Play
from unified_agent.robot.trajectory import InvalidTrajectory
from unified_agent.sim.env import StackObjects
from unified_agent.sim.world import CONTROL_STEPS
from unified_agent.vision.detector import Detector
from unified_agent.vision.steady import Steady

FRAME_PERIOD = 0.1
"""Seconds between two frames that are judged, as the graph's cameras take them."""


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


def run_trial(
    env: StackObjects,
    policy: Policy | Play,
    detector: Detector,
    plan: Sequence[SubGoal],
    rng: np.random.Generator,
    tries: int = 8,
) -> Trial:
    """Carry out a plan in an environment that was just reset; its task says what success is.

    The execution is that of the policy node. Frames are taken only while it watches: those of a motion could not
    change what it does.
    """
    world = env.world
    execution = PlanExecution(
        world.arm, env.motions, lambda state, sentence: policy.act(state, sentence, rng), plan, world.time, tries
    )
    steady = Steady()
    while execution.phase is not Phase.ENDED:
        if execution.phase is Phase.AIMING:
            env.state = world.state()
        try:
            for move in execution.step(world.time, env.state, world.arm_positions, world.gripper_position):
                world.begin(move)
        except InvalidTrajectory as error:
            world.hold()
            world.release()
            execution.give_up_motion(world.time, str(error))
        if execution.phase is Phase.WATCHING:
            world.step(round(FRAME_PERIOD / world.timestep))
            _judge(execution, detector, steady, world.time, env.frames())
        elif execution.phase is not Phase.ENDED:
            world.step(world.periods(execution.patience(world.time)) * CONTROL_STEPS)
    env.state = world.state()
    pursuit = execution.pursuit
    return Trial(env.task.success(world), pursuit.outcome is Outcome.SUCCESS, execution.actions, pursuit.reason)


def _judge(
    execution: PlanExecution, detector: Detector, steady: Steady, time: float, frames: dict[str, np.ndarray]
) -> None:
    """Do with a frame of each camera what the captioner does."""
    held = detector.held(detector.look(frames))
    true = {sentence for sentence, holds in zip(detector.sentences, held, strict=True) if holds}
    execution.judged(time, true, steady.judge(time, true))
