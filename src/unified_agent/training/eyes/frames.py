# SPDX-License-Identifier: Apache-2.0
"""Labelled frames on disk: shards of pictures from every camera with the truth of every sub-goal."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unified_agent.errors import UserError

_OPTIONAL = ("states", "reasons")
UNKNOWN = -1  # in between true and false: neither learnt from nor tested on


def truth_value(holds: bool | None) -> int:
    """1 true, 0 false, -1 in between."""
    return UNKNOWN if holds is None else int(holds)


@dataclass(frozen=True)
class Shard:
    """Labelled moments, in the order they were seen.

    Attributes:
        frames: uint8 RGB, shape (N, C, H, W, 3), C cameras.
        truth: int8, shape (N, M): 1, 0 or -1 (in between) for each of M sentences; 12 of the tabletop's vocabulary.
        scenes: shape (N,), the kind of scene each moment is of.
        states: shape (N, S), what each is a picture of; None where a state is more than some numbers.
        reasons: int8, shape (N, M), why a truth is in between; None where nobody wrote it down.
    """

    frames: np.ndarray
    truth: np.ndarray
    scenes: np.ndarray
    states: np.ndarray | None = None
    reasons: np.ndarray | None = None

    def save(self, path: Path) -> None:
        """Write ``path.{frames,truth,scenes,...}.npy``; frames come last: a shard that has them is whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for part in ("truth", "scenes", *_OPTIONAL, "frames"):
            if getattr(self, part) is None:
                continue
            unfinished = _file(path, f"{part}.unfinished")
            np.save(unfinished, getattr(self, part), allow_pickle=False)
            os.replace(unfinished, _file(path, part))

    @classmethod
    def load(cls, path: Path) -> "Shard":
        """The shard at a path; its frames stay on disk until they are used.

        Raises:
            UserError: a file of it is missing or holds something else.
        """
        try:
            shard = cls(
                np.load(_file(path, "frames"), mmap_mode="r", allow_pickle=False),
                *(np.load(_file(path, part), allow_pickle=False) for part in ("truth", "scenes")),
                *(np.load(f, allow_pickle=False) if (f := _file(path, part)).is_file() else None for part in _OPTIONAL),
            )
        except (OSError, ValueError, EOFError, MemoryError) as error:
            raise UserError(
                f"The labelled frames {path} cannot be read ({error}): delete them, collect anew."
            ) from None
        parts = (shard.frames, shard.truth, shard.scenes, shard.states, shard.reasons)
        counts = {array.shape[:1] for array in parts if array is not None}
        if shard.frames.ndim != 5 or shard.frames.dtype != np.uint8 or len(counts) > 1:
            raise UserError(f"The labelled frames {path} do not fit their labels: delete them to collect anew.")
        return shard

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether a whole shard lies at a path."""
        return _file(path, "frames").is_file()


class LabelledMoments:
    """All shards of a folder as one set.

    Attributes:
        truth: int8, shape (N, M).
        scenes: shape (N,).
        shards: that it is made of.
    """

    def __init__(self, shards: list[Shard]):
        if not shards:
            raise UserError("There are no labelled frames: collect some first.")
        self.truth = np.concatenate([shard.truth for shard in shards])
        self.scenes = np.concatenate([shard.scenes for shard in shards])
        self.shards = tuple(shards)
        self._ends = np.cumsum([len(shard.truth) for shard in shards])

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def identity(self) -> str:
        """Fingerprint (SHA-256, shortened) of what is true when, and of the first moment's frames."""
        found = hashlib.sha256(np.ascontiguousarray(self.truth).tobytes())
        found.update("\n".join(map(str, self.scenes)).encode())
        found.update(np.ascontiguousarray(self.shards[0].frames[0]).tobytes())
        return found.hexdigest()[:16]

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """The moments at indices: uint8 RGB, shape (B, C, H, W, 3)."""
        shards = np.searchsorted(self._ends, indices, side="right")
        starts = np.concatenate([[0], self._ends])[shards]
        return np.stack([self.shards[s].frames[i] for s, i in zip(shards, indices - starts, strict=True)])


def _file(path: Path, part: str) -> Path:
    return path.with_name(f"{path.name}.{part}.npy")
