# SPDX-License-Identifier: Apache-2.0
"""Which sub-goals came true in an episode, by CLIP's scores alone, and which demonstrations made them true."""

from collections.abc import Iterator
from enum import Enum

import numpy as np

from unified_agent.errors import UserError
from unified_agent.language.subgoals import OBJECTS
from unified_agent.training.policy.cloning import Demonstrations
from unified_agent.training.policy.experience import Episode


class Clone(str, Enum):
    """Which demonstrations before a success are cloned.

    ``CAUSAL``: those that brought it about. For a sub-goal: the last pick or place, and the place before it where
    that emptied the gripper for the same sub-goal (or for none, where nobody knows what was pursued). For a whole task:
    the last picks and places, two for each object that the task moves.
    ``PREFIX``: every demonstration since the start of the episode, as the paper's text has it.
    """

    CAUSAL = "causal"
    PREFIX = "prefix"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise UserError(f"What is cloned is one of {[c.value for c in cls]}, not '{value}'.")


def came_true(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Whether each sentence came true with each action, bool, shape (T, M).

    Args:
        scores: of the moments around T actions, shape (T + 1, M).
        thresholds: shape (M,).
    """
    true = scores > thresholds
    return true[1:] & ~true[:-1]


def of_subgoals(episode: Episode, thresholds: np.ndarray, hindsight: bool, clone: Clone) -> Demonstrations:
    """The successes of an episode, each with the sentence that came true.

    Args:
        episode: its scores say what came true when.
        thresholds: of ``episode.sentences``.
        hindsight: take what nobody asked for as well, not only the sentence that was pursued.
        clone: which demonstrations before each success.
    """
    rows = []
    for action, sentence in np.argwhere(came_true(np.array(episode.scores), thresholds)):
        said = episode.sentences[sentence]
        if hindsight or said == episode.pursued[action]:
            rows += [(step, said) for step in _stretch(episode, int(action), said, clone)]
    return _demonstrations(episode, rows)


def of_task(episode: Episode, moves: int, clone: Clone) -> Demonstrations:
    """The success of an episode that was rewarded as a whole, with the instruction as its sentence.

    Args:
        episode: ``done`` says whether it was rewarded.
        moves: picks and places that the task needs.
        clone: which demonstrations.
    """
    first = max(0, len(episode) - moves) if clone is Clone.CAUSAL else 0
    steps = range(first, len(episode)) if episode.done else ()
    return _demonstrations(episode, [(step, episode.instruction) for step in steps])


def _stretch(episode: Episode, last: int, said: str, clone: Clone) -> Iterator[int]:
    """The demonstrations that are cloned for a sentence that came true with action ``last``."""
    if clone is Clone.PREFIX:
        yield from range(last + 1)
        return
    emptied = last > 0 and episode.states[last - 1].holding and not episode.states[last].holding
    if emptied and episode.pursued[last - 1] in (said, ""):
        yield last - 1
    yield last


def _demonstrations(episode: Episode, rows: list[tuple[int, str]]) -> Demonstrations:
    states = [episode.states[step] for step, _ in rows]
    return Demonstrations(
        objects=np.array([[s.objects[name] for name in OBJECTS] for s in states]).reshape(-1, len(OBJECTS), 3),
        tool=np.array([s.tool for s in states]).reshape(-1, 3),
        holding=np.array([s.holding for s in states], dtype=bool),
        sentences=np.array([said for _, said in rows], dtype=str),
        actions=np.array([episode.actions[step] for step, _ in rows]).reshape(-1, 2),
    )
