# SPDX-License-Identifier: Apache-2.0
"""The learners that experiments compare, by name. Each is measured as it is after a round, without a last long fit."""

from pathlib import Path

from unified_agent.experiments import Conditions
from unified_agent.training.policy.collect_and_infer import LearningSettings
from unified_agent.training.policy.learning_run import LearningRun

OURS, OURS_PREFIX = "sub-goals", "sub-goals, prefix"
BASELINE, BASELINE_PREFIX = "task reward", "task reward, prefix"
SAC = "SAC + HER"

CHOICES = {
    OURS: {},
    OURS_PREFIX: {"clone": "prefix"},
    BASELINE: {"whole_task": True},
    BASELINE_PREFIX: {"whole_task": True, "clone": "prefix"},
}
"""Learner -> what is other than the settings' defaults."""


def measured(
    learner: str, task: str, actions: int, seed: int, folder: Path, conditions: Conditions, until: float = 2.0
) -> dict:
    """One run; an interrupted one (but of SAC) goes on in its folder.

    Returns:
        ``measured``: rows of ``actions`` and ``success``; ``episodes_done``: how many episodes, while it learnt, were
        rewarded at their end.
    """
    every = max(250, min(2_000, actions // 20))
    if learner == SAC:
        from unified_agent.experiments import sac

        return sac.run(task, actions, seed, conditions, until, every)
    settings = LearningSettings(
        task=task,
        actions=actions,
        seed=seed,
        arm=conditions.arm,
        last_updates=0,
        evaluate_every=every,
        until=until,
        **CHOICES[learner],
    )
    session = LearningRun(
        settings,
        folder,
        clip=conditions.clip,
        collectors=conditions.collectors,
        pictures=False,
        command=f"experiment: {learner}",
    )
    card = session.learn()
    return {"measured": card["measured"], "episodes_done": card["episodes_done"]}
