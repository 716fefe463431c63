# SPDX-License-Identifier: Apache-2.0
"""Minimum, maximum, mean, deviation and quantiles of a dataset's features, as LeRobot normalises with."""

from collections.abc import Sequence

import numpy as np

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
LEVELS = np.arange(256) / 255


def of_vectors(values: np.ndarray) -> dict[str, list]:
    """Of a feature's rows, shape (N, D)."""
    values = values.astype(float)
    found = {"min": values.min(0), "max": values.max(0), "mean": values.mean(0), "std": values.std(0)}
    found |= {name: np.quantile(values, share, axis=0) for name, share in QUANTILES.items()}
    return {name: value.tolist() for name, value in found.items()} | {"count": [len(values)]}


class PixelStatistics:
    """Of a camera's frames, exactly, from how often each of the 256 levels was seen in each channel."""

    def __init__(self, frames: int = 0, seen: Sequence[Sequence[int]] | None = None) -> None:
        """
        Args:
            frames, seen: what `state` told, to go on from it.
        """
        self._frames = frames
        self._seen = np.zeros((3, 256), np.int64) if seen is None else np.array(seen, np.int64)

    def __add__(self, other: "PixelStatistics") -> "PixelStatistics":
        """Of the frames of both."""
        return PixelStatistics(self._frames + other._frames, self._seen + other._seen)

    def state(self) -> dict:
        """Everything in it, as plain numbers."""
        return {"frames": self._frames, "seen": self._seen.tolist()}

    def add(self, frame: np.ndarray) -> None:
        """A frame, uint8 RGB (H, W, 3)."""
        self._frames += 1
        for channel in range(3):
            self._seen[channel] += np.bincount(frame[:, :, channel].reshape(-1), minlength=256)

    def result(self) -> dict[str, list]:
        """Of pixels in [0, 1]; each of shape (3, 1, 1)."""
        share = self._seen / self._seen.sum(axis=1, keepdims=True)
        mean = share @ LEVELS
        found = {
            "min": LEVELS[(self._seen > 0).argmax(axis=1)],
            "max": LEVELS[255 - (self._seen[:, ::-1] > 0).argmax(axis=1)],
            "mean": mean,
            "std": np.sqrt(np.maximum(share @ LEVELS**2 - mean**2, 0.0)),
        }
        below = share.cumsum(axis=1)
        for name, quantile in QUANTILES.items():
            found[name] = LEVELS[(below >= quantile - 1e-12).argmax(axis=1)]
        return {name: value.reshape(3, 1, 1).tolist() for name, value in found.items()} | {"count": [self._frames]}
