# SPDX-License-Identifier: Apache-2.0
"""The learners that experiments compare, by name: all measured on one grid, as they are after a round, without a last
long fit; none stops before its budget is spent."""

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
GRID = (*range(250, 5_000, 250), *range(5_000, 20_001, 1_000))
"""Actions at which every learner is measured: with the first round that ends there or after."""
STARTS = 20
"""Of a measurement, the same ones each time."""
_ROUND = {"episodes": 16, "updates": 33}
"""Short enough for the grid, with as many updates an action as ``learn`` makes."""


def settings_of(learner: str, task: str, actions: int, seed: int, arm: str) -> LearningSettings:
    """How one of `CHOICES` learns a task."""
    return LearningSettings(
        task=task,
        actions=actions,
        seed=seed,
        arm=arm,
        last_updates=0,
        evaluations=STARTS,
        grid=tuple(point for point in GRID if point <= actions),
        blind=True,
        **_ROUND,
        **CHOICES[learner],
    )


def measured(learner: str, task: str, actions: int, seed: int, folder: Path, conditions: Conditions) -> dict:
    """One run in this process; an interrupted one (but of SAC) goes on in its folder.

    Returns:
        ``measured``: rows of ``actions`` and ``success``; ``episodes_done``: how many episodes, while it learnt, were
        rewarded at their end.
    """
    if learner == SAC:
        from unified_agent.experiments import sac

        return sac.run(task, seed, conditions.arm, [point for point in GRID if point <= actions], STARTS)
    return learnt(settings_of(learner, task, actions, seed, conditions.arm), folder, conditions, learner)


def learnt(
    settings: LearningSettings, folder: Path, conditions: Conditions, name: str, buffer: Path | None = None, reuse=False
) -> dict:
    """A run of collect & infer in this process, with CLIP's scores but without pictures in its buffer.

    Args:
        folder: of the run; it goes on there.
        name: of the learner, for the card.
        buffer, reuse: see ``LearningRun``.

    Returns:
        ``measured``, ``episodes_done`` and ``reused_demonstrations`` of its card.
    """
    session = LearningRun(
        settings,
        folder,
        buffer=buffer,
        clip=conditions.clip,
        pictures=False,
        command=f"experiment: {name}",
        reuse=reuse,
        solo=True,
        skills=False,
    )
    card = session.learn()
    return {key: card[key] for key in ("measured", "episodes_done", "reused_demonstrations")}
