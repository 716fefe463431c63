# SPDX-License-Identifier: Apache-2.0
"""Frames of several cameras that show the same moment."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from unified_agent.errors import UserError

# Frames of one camera that wait for the others; the oldest goes first.
WAITING = 64


class Moment(NamedTuple):
    """One frame of every camera.

    Attributes:
        stamp: of the newest of them, nanoseconds.
        frames: uint8 RGB (H, W, 3), in the order of the cameras.
    """

    stamp: int
    frames: tuple[np.ndarray, ...]


class Pairing:
    """Pairs streams of frames by their stamps.

    Args:
        cameras: names; at least one.
        tolerance: nanoseconds that the stamps of one set may lie apart.

    Attributes:
        alone: frames so far that found no partners.
    """

    def __init__(self, cameras: Sequence[str], tolerance: int):
        if not cameras:
            raise UserError("Frames of at least one camera are needed.")
        self.alone = 0
        self._tolerance = tolerance
        self._waiting: dict[str, deque[tuple[int, np.ndarray]]] = {camera: deque() for camera in cameras}

    def put(self, camera: str, stamp: int, frame: np.ndarray) -> list[Moment]:
        """A camera's next frame; the sets that it completes."""
        queue = self._waiting[camera]
        queue.append((stamp, frame))
        if len(queue) > WAITING:
            queue.popleft()
            self.alone += 1
        found = []
        while all(self._waiting.values()):
            stamps = [queue[0][0] for queue in self._waiting.values()]
            if max(stamps) - min(stamps) <= self._tolerance:
                frames = tuple(queue.popleft()[1] for queue in self._waiting.values())
                found.append(Moment(max(stamps), frames))
            else:
                min(self._waiting.values(), key=lambda queue: queue[0][0]).popleft()
                self.alone += 1
        return found
