# SPDX-License-Identifier: Apache-2.0
"""How the messages of a topic come: which of them are missing, and how late they are."""

import time
from collections.abc import Mapping

from unified_agent.recording.cdr import NANO


class Arrivals:
    """Counts what comes on one subscription.

    A message that was replaced in a full queue before this process took it is missing, too: the middleware's own count
    of losses does not have it, but publishers number what they send. Where the middleware does not tell these numbers,
    ``missed`` stays 0.

    Attributes:
        missed: messages so far that were sent between others that came.
        late: seconds by which a message came later than the quickest one, at worst, since `begin`; clocks of two
            machines that differ always by as much so do not count.
    """

    def __init__(self) -> None:
        self.missed = 0
        self.late = 0.0
        self._quickest: int | None = None
        self._numbers: dict[bytes, int] = {}

    def begin(self) -> None:
        """Measure lateness anew."""
        self.late = 0.0

    def pause(self) -> None:
        """What is sent from now on is not listened to, until the next `note`."""
        self._numbers.clear()

    def note(self, info: Mapping) -> None:
        """A message has come; ``info`` as rclpy gives it to callbacks."""
        if sent := info.get("source_timestamp"):
            delay = time.time_ns() - sent
            self._quickest = delay if self._quickest is None else min(self._quickest, delay)
            self.late = max(self.late, (delay - self._quickest) / NANO)
        number, publisher = info.get("publication_sequence_number"), info.get("publisher_gid")
        if number and publisher:
            before = self._numbers.get(publisher["data"], number)
            self.missed += max(0, number - before - 1)
            self._numbers[publisher["data"]] = max(number, before)
