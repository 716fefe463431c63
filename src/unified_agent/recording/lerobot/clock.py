# SPDX-License-Identifier: Apache-2.0
"""The cameras' clock: when the stamps of a recording's messages are, whoever stamped them."""

from collections.abc import Sequence

import numpy as np

from unified_agent.recording.cdr import NANO

# Seconds that a stamp may lie before the message's receipt, or behind it, and be of the same clock: a recorder that
# fell behind is late; nothing is received before it was stamped, except for small errors of synchronised clocks.
LATEST, EARLIEST = 60.0, -1.0


class CameraClock:
    """Tells the time of messages on the clock that stamped the frames.

    Args:
        received, stamps: of the images, nanoseconds; an image without a stamp has its time of the recording.

    Attributes:
        offset: seconds that the recording's clock is ahead of the cameras': what nine images in ten exceed, since
            images may come late and single stamps be broken.
    """

    def __init__(self, received: np.ndarray, stamps: np.ndarray):
        late = received - stamps
        self.offset = float(np.percentile(late, 10)) / NANO if len(late) else 0.0
        order = np.argsort(received, kind="stable")
        self._received, self._stamps = received[order], np.maximum.accumulate(stamps[order])

    @property
    def apart(self) -> bool:
        """Whether the cameras' clock is another one than the recording's: simulated time, or an unset computer."""
        return not EARLIEST <= self.offset <= LATEST

    def of(self, received: np.ndarray) -> np.ndarray:
        """Times of the recording on the cameras' clock: as they are, or as the frames that came then are stamped."""
        if not self.apart or not len(received):
            return received
        # Relative to the first, so that doubles keep the nanoseconds.
        begin, zero = self._received[0], self._stamps[0]
        passed = (received - begin).astype(float)
        between = np.interp(passed, (self._received - begin).astype(float), (self._stamps - zero).astype(float))
        outside = np.minimum(passed, 0) + np.maximum(passed - float(self._received[-1] - begin), 0)
        return zero + np.rint(between + outside).astype(np.int64)

    def times(self, received: Sequence[int], stamps: Sequence[int], by_stamp: bool = True) -> "MessageTimes":
        """When the messages of a topic were, on the cameras' clock.

        Args:
            received, stamps: nanoseconds; a stamp of 0 means none, and so does one stamp for messages that came at
                different times.
            by_stamp: False takes all at the time of the recording.
        """
        received, stamps = np.asarray(received, np.int64), np.asarray(stamps, np.int64)
        instead = self.of(received)
        late = (instead - stamps) / NANO
        frozen = len(stamps) > 1 and np.ptp(stamps) == 0 and np.ptp(received) > 0
        unstamped = (stamps == 0) | frozen
        earliest = -LATEST if self.apart else EARLIEST
        other = ~unstamped & ((late < earliest) | (late > LATEST))
        if not by_stamp:
            return MessageTimes(instead, 0, 0, 0.0, 0.0)
        good = ~unstamped & ~other
        return MessageTimes(
            np.where(good, stamps, instead),
            int(unstamped.sum()),
            int(other.sum()),
            float(np.median(late[other])) if other.any() else 0.0,
            float(late[good].max()) if good.any() else 0.0,
        )


class MessageTimes:
    """Times of messages on the cameras' clock.

    Attributes:
        times: nanoseconds, a message each.
        unstamped: messages without a stamp, taken at their time of the recording.
        foreign: messages stamped by another clock, taken at their time of the recording too.
        apart: seconds between that clock and the cameras'.
        latest: the most that a message came after its stamp, seconds.
    """

    def __init__(self, times: np.ndarray, unstamped: int, foreign: int, apart: float, latest: float):
        self.times, self.unstamped, self.foreign = times, unstamped, foreign
        self.apart, self.latest = apart, latest
