# SPDX-License-Identifier: Apache-2.0
"""When a sentence that is true in the picture counts as seen: one rule, in seconds, wherever it is decided."""

from collections.abc import Collection

from unified_agent.errors import UserError

SECONDS = 0.2
"""Seconds over which a sentence must be true: three moments of a camera of 10 Hz."""
MOMENTS = 3
"""Moments in which it must be true, however far apart they are."""
SLACK = 0.1
"""Share of the seconds that may be missing: stamps jitter."""


class Steady:
    """Says which sentences are seen: true in every one of the newest moments, which span some time.

    The time is that of the stamps: it passes as the cameras take their pictures, whatever the speed of a simulation and
    however many pictures are left out. Where stamps jump back, what was seen is forgotten.

    Args:
        seconds: that the moments span, at least; there are at least `MOMENTS` of them.

    Attributes:
        seen: the sentences that are seen.
        new: those of them that were not seen in the moment before.
    """

    def __init__(self, seconds: float = SECONDS):
        if not 0.0 <= seconds < float("inf"):
            raise UserError(f"A sentence is seen after some seconds of being true, from 0, not {seconds}.")
        self._span = seconds * (1.0 - SLACK)
        self.forget()

    def forget(self) -> None:
        """Begin anew: nothing was true so far."""
        self.seen: frozenset[str] = frozenset()
        self.new: frozenset[str] = frozenset()
        self._last = -float("inf")
        # Sentence -> when it came true, and the moments since then in which it was.
        self._streaks: dict[str, tuple[float, int]] = {}

    def judge(self, stamp: float, true: Collection[str]) -> frozenset[str]:
        """A moment was looked at; the sentences that are seen now.

        Args:
            stamp: of its frames, seconds; one that was judged already changes nothing.
            true: the sentences over their thresholds in it.
        """
        if stamp < self._last:
            self.forget()
        if stamp == self._last:
            return self.seen
        self._last = stamp
        old = self._streaks
        self._streaks = {
            sentence: (old[sentence][0], old[sentence][1] + 1) if sentence in old else (stamp, 1) for sentence in true
        }
        before = self.seen
        self.seen = frozenset(
            sentence
            for sentence, (begin, moments) in self._streaks.items()
            if moments >= MOMENTS and stamp - begin >= self._span
        )
        self.new = self.seen - before
        return self.seen
