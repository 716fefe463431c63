# SPDX-License-Identifier: Apache-2.0
"""Stable-Baselines3's DQN and SAC, fed with whole episodes whose rewards are known.

What learns is the library's own: its networks, replay buffer and gradient steps. What is ours is when: episodes come
first, then as many gradient steps as are due, so that no transition is learnt from before its picture was judged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import gymnasium
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from unified_agent.errors import UserError, first_line, in_range
from unified_agent.training.reward.environments import EnvFacts

_MOST = 10.0
"""Of a scaled observation: what flies away is far, however far."""
_TARGET_RATE = 0.005
"""Of the target networks towards the learnt ones, a gradient step."""
_EXPLORATION = 1.0, 0.02, 0.4
"""DQN's share of random actions: after the warm-up, at last, and after which share of the run."""


@dataclass(frozen=True)
class OffPolicySettings:
    """How to learn from transitions.

    Attributes:
        learning_rate: of Adam, at the beginning; it falls to nothing in a straight line, so that the policy at the end
            is a settled one.
        gamma: discount of a decision.
        updates: gradient steps a decision.
        batch: transitions a gradient step.
        width: of the two hidden layers.
        buffer: the newest transitions that are learnt from.
    """

    learning_rate: float = 1e-3
    gamma: float = 0.99
    updates: float = 1.0
    batch: int = 128
    width: int = 256
    buffer: int = 1_000_000

    def __post_init__(self) -> None:
        in_range("learning-rate", self.learning_rate, 1e-9, 1.0)
        in_range("gamma", self.gamma, 0.0, 1.0)
        in_range("updates", self.updates, 0.0, 100.0)
        in_range("batch", self.batch, 1, 1_000_000)
        in_range("width", self.width, 1, 8_192)
        in_range("buffer", self.buffer, 1_000, 100_000_000)


@dataclass(frozen=True)
class Scale:
    """Observations and rewards on scales that networks learn on.

    A bounded entry of an observation is brought to [-1, 1] (a car's speed of 0.07 at most is then no smaller than its
    place); another, and the reward, to mean 0 and deviation 1 over the random warm-up. As no episode ends but by time,
    another zero or unit of the reward changes no policy's rank.

    Attributes:
        centre, spread: of an observation, float32, shape (K,).
        reward: mean and deviation.
    """

    centre: np.ndarray
    spread: np.ndarray
    reward: tuple[float, float]

    @classmethod
    def of(cls, facts: EnvFacts, observations: np.ndarray, rewards: np.ndarray) -> "Scale":
        """That of an environment, from what was observed, (N, K), and earned, (M,), in the warm-up."""
        seen, earned = observations.astype(np.float64), rewards.astype(np.float64)
        bounded = np.isfinite(facts.low) & np.isfinite(facts.high)
        low, high = np.where(bounded, facts.low, 0.0), np.where(bounded, facts.high, 0.0)
        centre = np.where(bounded, (low + high) / 2, seen.mean(axis=0))
        spread = np.where(bounded, (high - low) / 2, seen.std(axis=0))
        spread[spread < 1e-6] = 1.0
        deviation = float(earned.std())
        reward = float(earned.mean()), deviation if deviation > 1e-9 else 1.0
        return cls(centre.astype(np.float32), spread.astype(np.float32), reward)

    def observation(self, raw: np.ndarray) -> np.ndarray:
        """Scaled; shape (..., K)."""
        return np.clip((raw - self.centre) / self.spread, -_MOST, _MOST)

    def rewarded(self, raw: np.ndarray) -> np.ndarray:
        """Scaled."""
        return (raw - self.reward[0]) / self.reward[1]


class OffPolicyLearner:
    """DQN where there are actions to choose from, SAC where actions are vectors.

    Args:
        facts: of the environment.
        scale: of what it sees and earns.
        settings: how.
        seed: of the networks.
        device: where they compute.

    Raises:
        UserError: Stable-Baselines3 is not installed.
    """

    def __init__(
        self, facts: EnvFacts, scale: Scale, settings: OffPolicySettings, seed: int, device: str = "cpu"
    ) -> None:
        try:
            from stable_baselines3 import DQN, SAC
            from stable_baselines3.common.logger import Logger
            from stable_baselines3.common.utils import polyak_update
        except ImportError:
            raise UserError(
                "Learning from a reward needs Stable-Baselines3: pip install 'unified_agent[baselines]'."
            ) from None
        self.scale, self._settings, self._polyak = scale, settings, polyak_update
        self._discrete = facts.choices > 0
        self._progress = 0.0
        algorithm = DQN if self._discrete else SAC
        self._model = algorithm(
            "MlpPolicy",
            _Spaces(facts),
            learning_rate=lambda _: settings.learning_rate * max(1.0 - self._progress, 1e-3),
            buffer_size=settings.buffer,
            batch_size=settings.batch,
            gamma=settings.gamma,
            policy_kwargs={"net_arch": [settings.width, settings.width]},
            seed=seed,
            device=device,
            **({} if self._discrete else {"tau": _TARGET_RATE}),
        )
        self._model.set_logger(Logger(None, []))

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """Of the policy's networks."""
        return dict(self._model.policy.state_dict())

    def take(self, weights: dict[str, torch.Tensor]) -> None:
        """Act as a policy whose ``weights`` they were.

        Raises:
            RuntimeError: they fit another network.
        """
        self._model.policy.load_state_dict(weights)

    def begin_round(self, seed: int, progress: float) -> None:
        """What is done until the next call depends on nothing but the seed, the state, and what comes in.

        Args:
            progress: the share of the run that is done, 0 to 1.
        """
        self._model.set_random_seed(seed)
        self._progress = progress
        if self._discrete:
            first, last, until = _EXPLORATION
            self._model.exploration_rate = max(last, first + (last - first) * progress / until)

    def explore(self, observations: np.ndarray) -> np.ndarray:
        """Actions to learn from, for observations of shape (N, K)."""
        return self._model.predict(self.scale.observation(observations))[0]

    def act(self, observations: np.ndarray) -> np.ndarray:
        """The best actions that it knows."""
        return self._model.predict(self.scale.observation(observations), deterministic=True)[0]

    def remember(self, observations: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> None:
        """Put an episode of T decisions into the replay buffer, unscaled; time alone ended it, so that none of its
        transitions is a last one.

        Args:
            observations: shape (T + 1, K).
            actions: shape (T,) or (T, A).
            rewards: shape (T,).
        """
        seen, earned = self.scale.observation(observations), self.scale.rewarded(rewards)
        buffer, done, infos = self._model.replay_buffer, np.zeros(1), [{}]
        for t in range(len(rewards)):
            buffer.add(seen[t : t + 1], seen[t + 1 : t + 2], actions[t : t + 1], earned[t : t + 1], done, infos)

    def start_at(self, transitions: int) -> None:
        """Begin to remember as after so many transitions that are forgotten."""
        buffer = self._model.replay_buffer
        buffer.pos, buffer.full = transitions % buffer.buffer_size, transitions >= buffer.buffer_size

    def learn(self, updates: int) -> None:
        """Make gradient steps; on one core, because networks this small gain nothing from more."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            for _ in range(updates):
                self._model.train(gradient_steps=1, batch_size=self._settings.batch)
                if self._discrete:
                    self._polyak(self._model.q_net.parameters(), self._model.q_net_target.parameters(), _TARGET_RATE)
        finally:
            torch.set_num_threads(threads)

    def state(self) -> dict:
        """Networks and optimisers, for `restore`; the replay buffer is not among them."""
        entropy = getattr(self._model, "log_ent_coef", None)
        return {
            "parameters": self._model.get_parameters(),
            "entropy": None if entropy is None else entropy.detach().clone(),
        }

    def restore(self, state: dict) -> None:
        """Be as one whose ``state`` it was."""
        self._model.set_parameters(state["parameters"], exact_match=True)
        if state["entropy"] is not None:
            with torch.no_grad():
                self._model.log_ent_coef.copy_(state["entropy"])


def kept_policy(
    card: Mapping, facts: EnvFacts, algorithm: OffPolicySettings, path: Path, device: str = "cpu"
) -> Callable:
    """A policy that a run kept, at its end or at a checkpoint.

    Args:
        card: of the run.
        facts: of its environment.
        algorithm: of its settings.
        path: of the weights.

    Raises:
        UserError: they cannot be read, or are those of another network.
    """
    centre, spread = (np.array(card[f"observation_{name}"], dtype=np.float32) for name in ("centre", "spread"))
    scale = Scale(centre, spread, tuple(card["reward_mean_and_deviation"]))
    learner = OffPolicyLearner(facts, scale, replace(algorithm, buffer=1_000), 0, device)
    try:
        learner.take(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(f"{path} holds no policy of this run: {first_line(error)}") from None
    return learner.act


class _Spaces(gymnasium.Env):
    """What the library wants to be told of an environment; it is never acted in."""

    def __init__(self, facts: EnvFacts) -> None:
        box = gymnasium.spaces.Box
        self.observation_space = box(-np.inf, np.inf, facts.low.shape, np.float32)
        self.action_space = (
            gymnasium.spaces.Discrete(facts.choices)
            if facts.choices
            else box(-1.0, 1.0, (facts.action_size,), np.float32)
        )
