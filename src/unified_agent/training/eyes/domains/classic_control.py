# SPDX-License-Identifier: Apache-2.0
"""Gymnasium's own environments and their own renderer, with their state set by hand."""

import os

import gymnasium
import numpy as np

from unified_agent.errors import UserError


class RenderedStates:
    """Pictures of an environment of Gymnasium in any state.

    Args:
        env: its ID; it keeps its state in an attribute ``state``, as those of classic control do.
    """

    def __init__(self, env: str) -> None:
        # Else SDL, which pygame draws with, catches SIGTERM, and the process could not be ended by it any more.
        os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
        try:
            self._env = gymnasium.make(env, render_mode="rgb_array").unwrapped
        except gymnasium.error.Error as error:
            raise UserError(f"{env} cannot be made: {error}") from None

    def render(self, state: np.ndarray) -> np.ndarray:
        """The environment's picture in a state, uint8 RGB, shape (400, 600, 3)."""
        self._env.state = np.asarray(state)
        try:
            return self._env.render()
        except gymnasium.error.DependencyNotInstalled:
            raise UserError("Gymnasium draws this with pygame: pip install 'unified_agent[baselines]'.") from None
