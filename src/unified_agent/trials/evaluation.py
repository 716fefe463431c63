# SPDX-License-Identifier: Apache-2.0
"""Many trials in-process, one random start each."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.language.planner import Planner, Refusal
from unified_agent.language.subgoals import SENTENCES, SubGoal
from unified_agent.policy import play
from unified_agent.sim import starts
from unified_agent.sim.env import StackObjects
from unified_agent.sim.tasks import Task
from unified_agent.trials.trial import Trial, run_trial
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Agent:
    """The pieces that are evaluated together, by the specs that their ``load`` takes.

    Attributes:
        arm: name of a file in ``config/arms``.
        planner: back end that plans each task's instruction; "none" takes the task's own plan.
        clip: the model that judges sub-goals.
        policy: "default", a checkpoint folder, or "play": at random.
        device: auto, cpu or cuda.
    """

    arm: str = "default"
    planner: str = "smollm2"
    clip: str = "default"
    policy: str = "default"
    device: str = "auto"

    def start(self, number: int) -> int:
        """The seed of a start of evaluation; for play, whose recordings are there to be learnt from, of learning."""
        return number if self.policy == play.SPEC else starts.evaluation(number)


def evaluate(agent: Agent, tasks: Sequence[Task], seed: int, randomise: bool) -> Iterator[Trial]:
    """One trial a task, from one start of evaluation after another; a refused plan is a failed trial.

    Args:
        seed: number of the first start, see `sim.starts`: nothing learns from one.
        randomise: random lights, colours, table and camera poses at every start.
    """
    plans = _plans(agent, tasks)
    return evaluate_plans(agent, [(task, plans[task.name]) for task in tasks], seed, randomise)


def evaluate_plans(
    agent: Agent, planned: Sequence[tuple[Task, Sequence[SubGoal] | Refusal]], seed: int, randomise: bool
) -> Iterator[Trial]:
    """One trial for each task with its plan, or the reason why it has none; as ``evaluate``."""
    detector = Detector(Clip.load(agent.clip, agent.device), SENTENCES)
    if doubts := detector.doubts():
        _log.warning("%s", doubts)
    env = StackObjects(arm=agent.arm, randomise=randomise)
    policy = play.load(agent.policy, env.world.arm.basket, agent.device)
    try:
        for number, (task, plan) in enumerate(planned, start=seed):
            if isinstance(plan, Refusal):
                yield Trial(success=False, claimed=False, actions=0, reason=f"refused: {plan}")
                continue
            env.reset(seed=agent.start(number), options={"task": task})
            yield run_trial(env, policy, detector, plan, np.random.default_rng(number))
    finally:
        env.close()


def _plans(agent: Agent, tasks: Sequence[Task]) -> dict[str, Sequence[SubGoal] | Refusal]:
    """Task name -> its plan, or the reason why there is none."""
    planner = None if agent.planner == "none" else Planner.load(agent.planner, agent.device)
    plans = {}
    for task in {task.name: task for task in tasks}.values():
        try:
            plans[task.name] = task.plan if planner is None else planner.plan(task.instruction).subgoals
        except Refusal as refusal:
            plans[task.name] = refusal
    return plans
