# SPDX-License-Identifier: Apache-2.0
"""A plan's sub-goals, one after the other, as one dense reward; and rewards shaped by a potential."""

from collections.abc import Sequence

import numpy as np

from unified_agent.errors import UserError, in_range
from unified_agent.vision.steady import MOMENTS


class Stages:
    """The share of a plan that is done: (stages done + progress in the present one) / stages, in [0, 1].

    A stage latches: once its reward was at its threshold or above for some moments in a row, it is done, and stays so
    although later stages undo what is seen (what is grasped first is let go of afterwards). Progress in the present
    stage is where its reward lies between its floor and its threshold, at most 1.

    Args:
        thresholds: the reward of each of S stages that shows it done.
        floors: the reward of each where nothing of it is done; 0 by default.
        moments: in a row that a stage must be seen done.

    Attributes:
        done: stages that are latched.

    Raises:
        UserError: no stage, a number that is none, a floor that is not below its threshold, or no moment.
    """

    def __init__(self, thresholds: Sequence[float], floors: Sequence[float] | None = None, moments: int = MOMENTS):
        self._thresholds = np.asarray(thresholds, float)
        self._floors = np.zeros_like(self._thresholds) if floors is None else np.asarray(floors, float)
        if self._thresholds.ndim != 1 or not self._thresholds.size or self._floors.shape != self._thresholds.shape:
            raise UserError(
                f"Stages need a threshold each, and a floor each or none, not {self._thresholds.size} thresholds and "
                f"{self._floors.size} floors."
            )
        for number, (floor, threshold) in enumerate(zip(self._floors, self._thresholds, strict=True), 1):
            if not -np.inf < floor < threshold < np.inf:
                raise UserError(f"Stage {number} has its floor ({floor:g}) not below its threshold ({threshold:g}).")
        in_range("moments", moments, 1, 10**6)
        self._moments = moments
        self.reset()

    def reset(self) -> None:
        """An episode begins: nothing is done."""
        self.done, self._streak = 0, 0

    def step(self, rewards: np.ndarray) -> float:
        """The reward of the next moment.

        Args:
            rewards: of each stage's goal in it, shape (S,).
        """
        stages = len(self._thresholds)
        if np.shape(rewards) != (stages,):
            raise UserError(f"Expected the rewards of {stages} stages, not shape {np.shape(rewards)}.")
        if self.done == stages:
            return 1.0
        reward, floor, threshold = rewards[self.done], self._floors[self.done], self._thresholds[self.done]
        self._streak = self._streak + 1 if reward >= threshold else 0
        if self._streak == self._moments:
            self.done, self._streak = self.done + 1, 0
            return self.done / stages
        return float(self.done + np.clip((reward - floor) / (threshold - floor), 0.0, 1.0)) / stages

    def episode(self, rewards: np.ndarray) -> np.ndarray:
        """`step` of every moment of a whole episode, from its beginning: (T, S) -> (T,)."""
        self.reset()
        return np.array([self.step(moment) for moment in rewards])


def shaped(potentials: np.ndarray, gamma: float, terminated: bool) -> np.ndarray:
    """What potential-based shaping adds to the reward of each step: gamma phi(s') - phi(s).

    It leaves the best policy what it is (Ng, Harada and Russell 1999, theorem 1), where the potential of a state that
    ends the task is 0. A time limit ends no task: the state that it cuts off at keeps its potential, as it keeps its
    value when that is bootstrapped.

    Args:
        potentials: of the T + 1 states of an episode, the first and the last among them; such as the rewards of a
            sentence, or `Stages`.
        gamma: the learner's own discount, in [0, 1].
        terminated: whether the last state ended the task; False for a time limit.

    Returns:
        Shape (T,).
    """
    in_range("gamma", gamma, 0.0, 1.0)
    after = np.array(potentials[1:], float)
    if terminated and len(after):
        after[-1] = 0.0
    return gamma * after - np.asarray(potentials[:-1], float)
