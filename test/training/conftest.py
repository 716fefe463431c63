# SPDX-License-Identifier: Apache-2.0
"""Experience made by hand."""

import numpy as np
import pytest

from unified_agent.language.subgoals import OBJECTS
from unified_agent.language.subgoals import SENTENCES as VOCABULARY
from unified_agent.state import State
from unified_agent.training.policy.crew import chunks
from unified_agent.training.policy.experience import Episode, Provenance, compressed

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


class Dreams:
    """Plays made-up episodes: as quick as the world is slow, and the same for the same seeds and weights.

    Args:
        seen: with what they are said to be seen.
        breaks: before so many chunks.
    """

    def __init__(self, seen: Provenance, breaks: int = 1000):
        self.seen, self.left = seen, breaks

    def play(self, assignments, policy):
        for piece in chunks(assignments):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            yield [self._dream(one, policy) for one in piece]

    def close(self):
        pass

    def _dream(self, assignment, policy) -> Episode:
        rng = np.random.default_rng(assignment.seed)
        states = [
            State({name: rng.uniform([0.4, -0.2, 0.02], [0.6, 0.2, 0.02]) for name in OBJECTS}, np.full(3, 0.2), False)
            for _ in range(4)
        ]
        said = assignment.plan[0]
        actions = [policy.act(s, said, rng) if policy else rng.uniform([0.4, -0.2], [0.6, 0.2]) for s in states[:3]]
        scores = [rng.uniform(-1, 1, len(VOCABULARY)).astype(np.float32) for _ in states]
        chance = bool(rng.random() < 0.5)
        return Episode(
            assignment.instruction,
            VOCABULARY,
            states,
            actions,
            [said] * 3,
            scores=scores,
            done=chance,
            success=chance,
            provenance=self.seen,
        )


@pytest.fixture(scope="session")
def dreams():
    """The class of crews that play made-up episodes."""
    return Dreams
