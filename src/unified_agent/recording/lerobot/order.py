# SPDX-License-Identifier: Apache-2.0
"""Images in the order of their stamps, where threads and networks wrote them in another one."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from unified_agent.recording.cdr import NANO, Message

# A stamp further back than this (nanoseconds) is not late: the clock was set anew.
_SET_ANEW = NANO
# Images of one camera that wait for earlier ones.
_WAITING = 32


class StampOrder:
    """Brings each camera's images into the order of their stamps; what comes in order never waits.

    Args:
        stamps: camera -> its images' stamps, in the order in which they are read (nanoseconds).

    Attributes:
        moved: images so far that waited for earlier ones.
    """

    def __init__(self, stamps: Mapping[str, Sequence[int]]):
        self.moved = 0
        self._stamps = stamps
        self._later = {camera: _least_later(values) for camera, values in stamps.items()}

    def sorted(self, messages: Iterable[Message]) -> Iterator[Message]:
        """The messages of the cameras, each camera's in order."""
        waiting: dict[str, list[tuple[int, int, Message]]] = {camera: [] for camera in self._stamps}
        read = dict.fromkeys(self._stamps, 0)
        for message in messages:
            queue, number = waiting[message.topic], read[message.topic]
            if number >= len(self._stamps[message.topic]):
                return
            read[message.topic] += 1
            heapq.heappush(queue, (self._stamps[message.topic][number], number, message))
            later = self._later[message.topic][number]
            while queue and (later is None or queue[0][0] <= later or len(queue) > _WAITING):
                _, first, image = heapq.heappop(queue)
                self.moved += first != number
                yield image


def _least_later(stamps: Sequence[int]) -> list[int | None]:
    """For each stamp the least that comes after it, until the clock is set anew; None where none comes."""
    begins, newest = [0], None
    for number, stamp in enumerate(stamps):
        if newest is not None and stamp < newest - _SET_ANEW:
            begins.append(number)
            newest = stamp
        newest = stamp if newest is None else max(newest, stamp)
    later: list[int | None] = [None] * len(stamps)
    for begin, end in zip(begins, [*begins[1:], len(stamps)], strict=True):
        least = None
        for number in range(end - 1, begin - 1, -1):
            later[number] = least
            least = stamps[number] if least is None else min(least, stamps[number])
    return later
