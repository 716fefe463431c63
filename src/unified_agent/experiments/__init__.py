# SPDX-License-Identifier: Apache-2.0
"""The results of the two papers, each as a command: ``unified-agent experiment NAME``.

An experiment is a module of this room, named as in `NAMES`, with

- ``run(folder, conditions) -> dict``: all of it, its finished parts kept in ``folder`` as `results.Results`; what it
  returns is written beside the picture as JSON, raw numbers included;
- ``tell(result) -> str``: the table; ``draw(result, path)``: the picture;
- ``made_with(conditions) -> dict``: what a finished part depends on beside ``quick``, the arm and the options: a call
  with another value does not go on after it (see `identities`);
- where it has options of its own, ``add_arguments(parser)``: their values come as ``conditions.options``;
- where it is not `SEEDS` runs that it wants by default, ``SEEDS``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NAMES = {
    "exploration": "actions to success against the task's sparseness, with and without sub-goals",
    "reuse": "tasks in sequence, with and without the experience of those before",
    "scheduling": "new instructions from skills that were learnt one by one",
    "reward_tabletop": "a sentence as the reward: fresh views, and episodes that succeed and fail, at every alpha",
    "video": "a video of someone else stacking, done again by the robot",
    "reward_control": "CartPole and MountainCar learnt from one sentence, with three controls",
    "reward_arm": "our own arm learns to stack from one sentence's reward alone, beside collect & infer",
    "reward_zero_shot": "rewards from sentences, states and worlds that no training showed",
    "reward_robustness": "what is left of a reward before other backgrounds, colours, lights, cameras and textures",
    "reward_scaling": "how near to labels a reward is, against the model's size and alpha",
    "humanoid": "the paper's humanoid learns a pose from a sentence; people rate films of it",
}
"""Experiment -> what it shows."""
SEEDS = 5


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
        options: the experiment's own; numbers, texts, and lists of those.
    """

    seeds: int = SEEDS
    quick: bool = False
    arm: str = "default"
    clip: str = "default"
    policy: str = "default"
    collectors: int = 2
    options: Mapping[str, Any] = field(default_factory=dict)
