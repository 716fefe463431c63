# SPDX-License-Identifier: Apache-2.0
"""Experience made by hand."""

import numpy as np
import pytest

from unified_agent.state import State
from unified_agent.training.policy.experience import Episode, compressed

SENTENCES = ("the robot is grasping the red object", "the red object is on the table")


def state(x: float, holding: bool = False) -> State:
    objects = {name: np.array([x, i, 0.02]) for i, name in enumerate(("red", "green", "blue"))}
    return State(objects, np.array([0.5, 0.0, 0.2]), holding)


def _episode(actions: int = 2, grey: int = 100) -> Episode:
    picture = compressed(np.full((16, 16, 3), grey, np.uint8))
    moments = actions + 1
    return Episode(
        instruction="grasp the red object",
        sentences=SENTENCES,
        states=[state(0.4 + 0.1 * i, holding=i % 2 == 1) for i in range(moments)],
        actions=[np.array([0.5, 0.01 * i]) for i in range(actions)],
        pursued=[SENTENCES[0]] * actions,
        frames=[[picture, picture]] * moments,
        scores=[np.array([0.1 * i, 0.5], np.float32) for i in range(moments)],
        done=True,
        success=True,
    )


@pytest.fixture
def episode():
    """A function that makes an episode: so many actions, frames of that grey."""
    return _episode
