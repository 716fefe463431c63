# SPDX-License-Identifier: Apache-2.0
"""The learners that experiments compare, by name."""

from pathlib import Path

from unified_agent.learning.collect_and_infer import Settings
from unified_agent.learning.experiments import Conditions
from unified_agent.learning.session import Session

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
    learner: str, task: str, steps: int, seed: int, folder: Path, conditions: Conditions, until: float = 2.0
) -> list[dict]:
    """Success rates over the actions of one run; an interrupted run goes on in its folder.

    Returns:
        rows of ``steps`` and ``success``.
    """
    every = max(250, min(2_000, steps // 20))
    if learner == SAC:
        from unified_agent.learning.experiments import sac

        return sac.measured(task, steps, seed, folder, conditions.arm, until, every)
    settings = Settings(
        task=task, steps=steps, seed=seed, arm=conditions.arm, evaluate_every=every, until=until, **CHOICES[learner]
    )
    session = Session(
        settings,
        folder,
        clip=conditions.clip,
        collectors=conditions.collectors,
        command=f"experiment: {learner}",
    )
    return session.learn()["measured"]
