# SPDX-License-Identifier: Apache-2.0
"""Frames of several cameras that show the same moment, live and recorded."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from unified_agent.errors import UserError

# Seconds that the frames of one moment may lie apart: two free-running cameras of 10 Hz are never further.
TOLERANCE = 0.1
# Frames of one camera that wait for the others, and bytes of all that wait; the oldest goes first.
WAITING = 64
ROOM = 256 * 2**20
# Intervals of a camera that are remembered: the shortest tells how soon its next frame can come.
_INTERVALS = 8


class Moment(NamedTuple):
    """One frame of every camera.

    Attributes:
        stamp: of the newest of them, nanoseconds.
        frames: what was put in, in the order of the cameras.
    """

    stamp: int
    frames: tuple[Any, ...]


class Pairing:
    """Pairs streams of frames by their stamps; cameras may run freely, at different rates.

    The camera whose oldest waiting frame is the newest sets the pace (so the slowest one does), and each of the others
    gives the frame nearest to it. A frame is in one moment at most. A moment is complete as soon as no nearer frame can
    come: at once where the stamps are equal, at the latest with the next frame of every camera. Where stamps jump back
    (a clock or a bag began anew), the camera begins anew.

    Args:
        cameras: names; at least one.
        tolerance: nanoseconds that the stamps of one moment may lie apart.
        waiting: frames of one camera that are kept while they wait.

    Attributes:
        alone: frames so far that found no partners.
        jumps: camera -> how often its stamp was not greater than the one before.
        gap: since the last moment, how near the cameras' frames came to each other at best, nanoseconds; None where
            one of them gave none.
    """

    def __init__(self, cameras: Sequence[str], tolerance: int, waiting: int = WAITING):
        if not cameras:
            raise UserError("Frames of at least one camera are needed.")
        self.alone = 0
        self.jumps: Counter[str] = Counter()
        self.gap: int | None = None
        self._bytes = 0
        self._tolerance, self._most = tolerance, waiting
        self._waiting: dict[str, deque[tuple[int, Any]]] = {camera: deque() for camera in cameras}
        self._intervals: dict[str, deque[int]] = {camera: deque(maxlen=_INTERVALS) for camera in cameras}
        self._newest: dict[str, int] = {}

    def put(self, camera: str, stamp: int, frame: Any) -> list[Moment]:
        """A camera's next frame (anything that stands for it); the moments that it completes."""
        queue, before = self._waiting[camera], self._newest.get(camera)
        self._newest[camera] = stamp
        if before is not None:
            if stamp > before:
                self._intervals[camera].append(stamp - before)
            else:
                self.jumps[camera] += 1
                while queue:
                    self._leave(queue)
        queue.append((stamp, frame))
        self._bytes += getattr(frame, "nbytes", 0)
        if len(queue) > self._most:
            self._leave(queue)
        while self._bytes > ROOM and len(queue) > 1:
            self._leave(queue)
        self._measure(stamp)
        return self._complete()

    def rest(self) -> list[Moment]:
        """The moments among the frames that still wait, where no more will come."""
        found = self._complete(ended=True)
        for queue in self._waiting.values():
            while queue:
                self._leave(queue)
        return found

    def _take(self, queue: deque) -> Any:
        frame = queue.popleft()[1]
        self._bytes -= getattr(frame, "nbytes", 0)
        return frame

    def _leave(self, queue: deque) -> None:
        self._take(queue)
        self.alone += 1

    def _measure(self, stamp: int) -> None:
        if len(self._newest) == len(self._waiting):
            gap = max(abs(stamp - other) for other in self._newest.values())
            self.gap = gap if self.gap is None else min(self.gap, gap)

    def _complete(self, ended: bool = False) -> list[Moment]:
        found = []
        while all(self._waiting.values()):
            pace = max(queue[0][0] for queue in self._waiting.values())
            if not self._choose_nearest(pace) and not ended:
                break
            stamps = [queue[0][0] for queue in self._waiting.values()]
            if max(stamps) - min(stamps) <= self._tolerance:
                frames = tuple(self._take(queue) for queue in self._waiting.values())
                found.append(Moment(max(stamps), frames))
                self.gap = None
            else:
                self._leave(min(self._waiting.values(), key=lambda queue: queue[0][0]))
        return found

    def _choose_nearest(self, pace: int) -> bool:
        """Bring every camera's frame that is nearest to ``pace`` to the front; whether none nearer can come."""
        decided = True
        for camera, queue in self._waiting.items():
            while len(queue) > 1 and abs(queue[1][0] - pace) < abs(queue[0][0] - pace):
                self._leave(queue)
            early = pace - queue[0][0]
            if early > 0 and len(queue) == 1 and min(self._intervals[camera], default=0) < 2 * early:
                decided = False
        return decided
