# SPDX-License-Identifier: Apache-2.0
"""Episodes: played in several environments at once, and judged by their pictures when they end."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.training.reward.environments import Transition
from unified_agent.training.reward.workers import Workers
from unified_agent.vision.reward import Looks, RewardModel

_PICTURES = 2**27
"""Bytes of pictures that an episode gathers before it is looked at: memory stays bounded however long it is."""

Act = Callable[[np.ndarray], np.ndarray]
"""Observations (N, K) -> actions (N,) or (N, A)."""


@dataclass(frozen=True)
class Rollout:
    """An episode of T decisions.

    Attributes:
        observations: float32, shape (T + 1, K).
        actions: shape (T,), numbers; or (T, A), vectors in [-1, 1].
        own: the environment's own rewards, float32, shape (T,).
        rewards: what the sentence says of the picture after each decision, float32, shape (T,); None where
            nobody looked.
        unfamiliar: how many pictures show a scene that the CLIP does not know.
        still: whether all its pictures are the same.
        size: (height, width) of a view, pixels; None where nobody looked.
        terminated: whether the environment spoke of an end.
        success: what its ``info`` said; None where that says nothing.
        steps: environment steps.
        held: decisions after an end that the environment could not go on from.
    """

    observations: np.ndarray
    actions: np.ndarray
    own: np.ndarray
    rewards: np.ndarray | None
    unfamiliar: int
    still: bool
    size: tuple[int, int] | None
    terminated: bool
    success: bool | None
    steps: int
    held: int

    def __len__(self) -> int:
        return len(self.actions)


def play(
    workers: Workers,
    seeds: Sequence[int],
    act: Act,
    look: RewardModel | None = None,
    own_rules: bool = False,
    at_once: int = 1,
    told: Callable[[int], object] = lambda decisions: None,
) -> list[Rollout]:
    """One episode for each seed, in their order; an environment that has finished one begins the next.

    Args:
        act: the policy.
        look: judges the pictures; None: nothing is drawn.
        own_rules: an episode ends as the environment says, and at its own time limit.
        at_once: environments that are used.
        told: called with how many decisions were taken since it was called last.
    """
    longest = None if own_rules else workers.facts.episode
    waiting = deque(enumerate(seeds))
    running: dict[int, _Record] = {}
    finished: dict[int, Rollout] = {}
    while waiting or running:
        free = (number for number in range(min(at_once, len(workers))) if number not in running)
        begun = {number: waiting.popleft() for number in free if waiting}
        first = workers.reset({number: seed for number, (_, seed) in begun.items()}, own_rules)
        running |= {number: _Record(begun[number][0], first[number], look) for number in begun}
        numbers = sorted(running)
        actions = act(np.stack([running[number].observations[-1] for number in numbers]))
        answers = workers.step(dict(zip(numbers, actions, strict=True)), look is not None)
        for number, action in zip(numbers, actions, strict=True):
            record = running[number]
            record.add(action, *answers[number])
            if record.steps[-1].over or len(record.actions) == longest:
                finished[record.place] = record.end()
                del running[number]
        told(len(numbers))
    return [finished[place] for place in range(len(seeds))]


class _Record:
    """An episode while it is played."""

    def __init__(self, place: int, observation: np.ndarray, look: RewardModel | None) -> None:
        self.place, self.observations = place, [observation]
        self.actions: list[np.ndarray] = []
        self.steps: list[Transition] = []
        self._look = look
        self._pictures: list[np.ndarray] = []
        self._looks: list[Looks] = []
        self._shown: np.ndarray | None = None
        self._still = True

    def add(self, action: np.ndarray, step: Transition, picture: np.ndarray | None) -> None:
        self.observations.append(step.observation)
        self.actions.append(action)
        self.steps.append(step)
        if picture is None:
            return
        if self._shown is None:
            self._shown = picture
        self._still = self._still and np.array_equal(picture, self._shown)
        self._pictures.append(picture)
        if len(self._pictures) * picture.nbytes >= _PICTURES:
            self._judge()

    def end(self) -> Rollout:
        rewards, unfamiliar = None, 0
        if self._look is not None:
            self._judge()
            looks = _together(self._looks)
            rewards = self._look.rewards(looks).astype(np.float32)
            unfamiliar = 0 if looks.unfamiliar is None else int(looks.unfamiliar.sum())
        last = self.steps[-1]
        return Rollout(
            np.stack(self.observations),
            np.stack(self.actions),
            np.array([step.reward for step in self.steps], dtype=np.float32),
            rewards,
            unfamiliar,
            self._still,
            None if self._shown is None else self._shown.shape[1:3],
            last.terminated,
            _any(step.success for step in self.steps),
            last.steps,
            sum(step.held for step in self.steps),
        )

    def _judge(self) -> None:
        if self._pictures:
            self._looks.append(self._look.look(np.stack(self._pictures)))
            self._pictures.clear()


def _together(looks: Sequence[Looks]) -> Looks:
    cosines = np.concatenate([each.cosines for each in looks])
    known = all(each.unfamiliar is not None for each in looks)
    return Looks(cosines, np.concatenate([each.unfamiliar for each in looks]) if known else None)


def _any(said: Iterable[bool | None]) -> bool | None:
    told = [word for word in said if word is not None]
    return any(told) if told else None
