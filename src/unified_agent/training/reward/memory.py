# SPDX-License-Identifier: Apache-2.0
"""What a run was taught from, in files that are only added to, so that keeping a long run costs little."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.folders import OwnFolder
from unified_agent.training.runs import broken

_FOLDER = "memory"


@dataclass(frozen=True)
class Lesson:
    """An episode of T decisions as it is learnt from: (T + 1, K) observations, (T,) or (T, A) actions, (T,) rewards."""

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray


class Memory:
    """The lessons of a run.

    Args:
        folder: of the run.
        most: transitions that are learnt from; files of older ones alone are removed.
        files: (name, transitions before it, transitions in it) of those that count; others that lie there
            are written over.
    """

    def __init__(self, folder: OwnFolder, most: int, files: Sequence[tuple[str, int, int]] = ()) -> None:
        self._folder, self._most = folder, most
        self.files = [tuple(entry) for entry in files]
        self._new: list[Lesson] = []

    @property
    def forgotten(self) -> int:
        """Transitions that no file holds any more."""
        return self.files[0][1] if self.files else 0

    def add(self, lesson: Lesson) -> None:
        """Take one in; `keep` writes it down."""
        self._new.append(lesson)

    def keep(self) -> None:
        """Write down what is new."""
        if not self._new:
            return
        number = 1 + int(self.files[-1][0].split("/")[1].split(".")[0]) if self.files else 0
        before = sum(self.files[-1][1:]) if self.files else 0
        stream = io.BytesIO()
        np.savez(
            stream,
            lengths=np.array([len(lesson.rewards) for lesson in self._new]),
            observations=np.concatenate([lesson.observations for lesson in self._new]),
            actions=np.concatenate([lesson.actions for lesson in self._new]),
            rewards=np.concatenate([lesson.rewards for lesson in self._new]),
        )
        name = f"{_FOLDER}/{number:06d}.npz"
        self._folder.write(name, stream.getvalue())
        count = sum(len(lesson.rewards) for lesson in self._new)
        self.files.append((name, before, count))
        self._new.clear()

    def prune(self) -> None:
        """Remove files of transitions that are learnt from no more; after the state that names the others is kept."""
        total = sum(self.files[-1][1:]) if self.files else 0
        while self.files and sum(self.files[0][1:]) <= total - self._most:
            self._folder.remove(self.files.pop(0)[0])

    def lessons(self) -> Iterator[Lesson]:
        """All that is kept, the oldest first.

        Raises:
            UserError: a file is gone or broken.
        """
        for name, _, count in self.files:
            path = self._folder.path / name
            try:
                with np.load(path, allow_pickle=False) as file:
                    arrays = {key: file[key] for key in ("lengths", "observations", "actions", "rewards")}
                lengths = arrays["lengths"]
                if lengths.sum() != count or len(arrays["observations"]) != count + len(lengths):
                    raise ValueError("it holds another number of transitions")
            except Exception as error:  # numpy's reader fails in many ways
                raise broken(path, error) from None
            ends = np.cumsum(lengths)[:-1]
            for seen, actions, rewards in zip(
                np.split(arrays["observations"], ends + np.arange(1, len(lengths))),
                np.split(arrays["actions"], ends),
                np.split(arrays["rewards"], ends),
                strict=True,
            ):
                yield Lesson(seen, actions, rewards)
