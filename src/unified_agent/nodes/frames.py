# SPDX-License-Identifier: Apache-2.0
"""The newest moment of all cameras, handed from the thread that receives images to the one that scores them."""

import threading
from collections.abc import Sequence
from typing import Any

from unified_agent.recording.cdr import NANO
from unified_agent.recording.pairing import Moment, Pairing

# Images of one camera that wait for those of the others: half a second of a fast one.
WAITING = 16


class NewestFrames:
    """A place for one moment: a newer one replaces it, so nothing ever queues.

    Args:
        cameras: names.
        tolerance: seconds that the images of one moment may lie apart.

    Attributes:
        dropped: whole moments that a newer one replaced before they were taken.
        open: False once `close` was called.
    """

    def __init__(self, cameras: Sequence[str], tolerance: float):
        self.dropped = 0
        self._cameras = tuple(cameras)
        self._pairing = Pairing(cameras, round(tolerance * NANO), WAITING)
        self._newest: Moment | None = None
        self._changed = threading.Condition()
        self.open = True

    @property
    def alone(self) -> int:
        """Images that found no partners."""
        return self._pairing.alone

    @property
    def gap(self) -> float | None:
        """Since the last moment, how near the cameras' images came to each other, seconds; None where one is silent."""
        gap = self._pairing.gap
        return None if gap is None else gap / NANO

    def put(self, camera: str, stamp: int, image: Any) -> None:
        """An image, decoded or not; ``stamp`` in nanoseconds."""
        with self._changed:
            for moment in self._pairing.put(camera, stamp, image):
                self.dropped += self._newest is not None
                self._newest = moment
                self._changed.notify()

    def take(self, timeout: float) -> tuple[int, dict[str, Any]] | None:
        """Stamp and images of the newest moment, waiting ``timeout`` seconds for one; None where none came."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or not self.open, timeout)
            newest, self._newest = self._newest, None
        return None if newest is None else (newest.stamp, dict(zip(self._cameras, newest.frames, strict=True)))

    def close(self) -> None:
        """Wake whoever waits: there will be no more."""
        with self._changed:
            self.open = False
            self._changed.notify_all()
