# SPDX-License-Identifier: Apache-2.0
"""The four results of the Unified Agent paper, each as a command: ``unified-agent experiment NAME``."""

from dataclasses import dataclass

NAMES = {
    "exploration": "actions to success against the task's sparseness, with and without sub-goals",
    "reuse": "tasks in sequence, with and without the experience of those before",
    "scheduling": "new instructions from skills that were learnt one by one",
    "reward_tabletop": "a sentence as the reward: fresh views, and episodes that succeed and fail, at every alpha",
    "video": "a video of someone else stacking, done again by the robot",
}
"""Experiment -> what it shows. Each is a module with ``run(folder, conditions)``, whose result ``tell`` says in words
and ``draw`` as a picture."""


@dataclass(frozen=True)
class Conditions:
    """What every experiment is told. Neither ``seeds``, of which more may be asked for later, nor ``collectors`` are
    conditions of a single run.

    Attributes:
        seeds: runs of each learner, of seeds 0, 1, ...
        quick: fewer episodes and actions.
        arm: name of a file in ``config/arms``.
        clip: spec of the model that judges.
        policy: "default" or a checkpoint folder, for the experiments that do not learn one.
        collectors: processes that collect, for those that do.
    """

    seeds: int = 3
    quick: bool = False
    arm: str = "fr3"
    clip: str = "default"
    policy: str = "default"
    collectors: int = 2
