# SPDX-License-Identifier: Apache-2.0
"""Random play: actions that know where things lie, and nothing of what is wanted."""

from collections.abc import Sequence

import numpy as np

from unified_agent.policy.checkpoint import Policy
from unified_agent.state import Action, State

SPEC = "play"
"""What is given in place of a checkpoint."""
UNIFORM = 0.3
"""Share of the actions drawn uniformly from the basket; the others are meant for an object."""
SPREAD = 0.01
"""Standard deviation around the object that an action is meant for, along x and along y, metres."""


class Play:
    """Picks and places at random, whatever sentence is pursued: what happens by the way can be learnt from.

    An action is drawn uniformly from the basket, or around an object drawn at random: any object where the gripper is
    empty, one of the others where it holds one. So objects are lifted, laid down and piled up far more often than by
    uniform actions, and which of them is chance.

    Args:
        basket: (x_min, x_max, y_min, y_max) in ``base_link``, metres.
    """

    def __init__(self, basket: Sequence[float]):
        x_min, x_max, y_min, y_max = basket
        self._low, self._high = np.array([x_min, y_min]), np.array([x_max, y_max])

    def act(self, state: State, sentence: str, rng: np.random.Generator) -> Action:
        """Where to pick or place now, shape (2,), metres in ``base_link``; ``sentence`` does not count."""
        positions = list(state.objects.values())
        if state.holding and positions:
            positions.pop(int(np.argmin([np.linalg.norm(position - state.tool) for position in positions])))
        if not positions or rng.random() < UNIFORM:
            return rng.uniform(self._low, self._high)
        chosen = positions[rng.integers(len(positions))]
        return np.clip(chosen[:2] + rng.normal(0.0, SPREAD, 2), self._low, self._high)


def load(spec: str, basket: Sequence[float], device: str = "auto") -> Policy | Play:
    """Random play for ``play``, else the policy of a checkpoint: see `Policy.load`."""
    return Play(basket) if spec == SPEC else Policy.load(spec, device)
