# SPDX-License-Identifier: Apache-2.0
"""The newest frames of all cameras, handed from the thread that receives them to the one that scores them."""

import threading
from collections.abc import Sequence

import numpy as np

# Frames of one camera that wait for their partner; the oldest goes first.
WAITING = 4


class NewestFrames:
    """A place for one set of frames: a newer set replaces it, so nothing ever queues.

    Attributes:
        dropped: whole sets that a newer one replaced before they were taken.
        open: False once `close` was called.
    """

    def __init__(self, cameras: Sequence[str]):
        self.dropped = 0
        self._cameras = tuple(cameras)
        self._waiting: dict[int, dict[str, np.ndarray]] = {}
        self._newest: tuple[int, dict[str, np.ndarray]] | None = None
        self._changed = threading.Condition()
        self.open = True

    def put(self, camera: str, stamp: int, frame: np.ndarray) -> None:
        """A frame (uint8 RGB, (H, W, 3)); frames of one set have the same ``stamp`` (nanoseconds)."""
        with self._changed:
            frames = self._waiting.setdefault(stamp, {})
            frames[camera] = frame
            if len(frames) == len(self._cameras):
                self.dropped += self._newest is not None
                self._newest = stamp, {camera: frames[camera] for camera in self._cameras}
                self._waiting.clear()
                self._changed.notify()
            while len(self._waiting) > WAITING:
                del self._waiting[next(iter(self._waiting))]

    def take(self, timeout: float) -> tuple[int, dict[str, np.ndarray]] | None:
        """Stamp and frames of the newest whole set, waiting ``timeout`` seconds for one; None where none came."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or not self.open, timeout)
            newest, self._newest = self._newest, None
            return newest

    def close(self) -> None:
        """Wake whoever waits: there will be no more."""
        with self._changed:
            self.open = False
            self._changed.notify_all()
