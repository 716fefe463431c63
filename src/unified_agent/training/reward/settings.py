# SPDX-License-Identifier: Apache-2.0
"""How to learn from a sentence: what a run is, and what is compared when it goes on."""

from dataclasses import dataclass, field

from unified_agent.errors import SEEDS, UserError, in_range, nearest
from unified_agent.training.reward.environments import EnvSettings
from unified_agent.training.reward.off_policy import OffPolicySettings

REWARDS = {
    "sentence": "what CLIP says of the picture",
    "constant": "a control: always the same",
    "shuffled": "a control: what CLIP said of some other picture, one of the random warm-up",
    "true": "a control: the environment's own",
}


@dataclass(frozen=True)
class RewardLearning:
    """How to learn.

    Attributes:
        surroundings: the environment.
        algorithm: of what learns.
        steps: decisions to take, rounded up to whole rounds.
        envs: environments, and so episodes of a round.
        seed: of everything.
        reward: one of ``REWARDS``.
        warm_up: random decisions at the beginning, rounded up to whole rounds.
        evaluate_every: decisions between two measurements by the environment's own rules; 0: only at the end.
        evaluations: episodes of such a measurement.
        last_evaluations: episodes of the one at the end.
        measuring: environments that are measured in at once; they are not drawn, and so mostly cost little.
        checkpoint_every: decisions between two policies that are kept with a film each; 0: only the one at the end.
    """

    surroundings: EnvSettings
    algorithm: OffPolicySettings = field(default_factory=OffPolicySettings)
    steps: int = 30_000
    envs: int = 2
    seed: int = 0
    reward: str = "sentence"
    warm_up: int = 1_000
    evaluate_every: int = 5_000
    evaluations: int = 20
    last_evaluations: int = 100
    measuring: int = 16
    checkpoint_every: int = 0

    def __post_init__(self) -> None:
        in_range("steps", self.steps, 1, 1_000_000_000)
        for name in ("envs", "measuring"):
            in_range(name, getattr(self, name), 1, 1_000)
        in_range("seed", self.seed, 0, SEEDS)
        in_range("warm-up", self.warm_up, 1, 100_000_000)
        for name in ("evaluate_every", "checkpoint_every"):
            in_range(name.replace("_", "-"), getattr(self, name), 0)
        for name in ("evaluations", "last_evaluations"):
            in_range(name.replace("_", "-"), getattr(self, name), 1, 100_000)
        if self.reward not in REWARDS:
            raise UserError(f"There is no reward '{self.reward}'. {nearest(self.reward, REWARDS)}")
