# SPDX-License-Identifier: Apache-2.0
"""When each moment of a recording is shown: as fast as it was, whatever its stamps do."""

from unified_agent.recording.cdr import NANO

# Seconds that stamps may go on further than the recording's own time did; with more, they jumped.
_AHEAD = 10.0
LONGEST = 60.0
"""Seconds for which one picture is held, at most."""


class PlayingTime:
    """Seconds since the first moment, which never go back: by the stamps, or where these jump by the recording's time.

    Attributes:
        shortened: seconds that were left out of pauses longer than `LONGEST`.
    """

    def __init__(self) -> None:
        self.shortened = 0.0
        self._now = 0.0
        self._before: tuple[int, int] | None = None

    def at(self, stamp: int, received: int) -> float:
        """Of the next moment; both in nanoseconds."""
        if self._before is not None:
            step, real = (stamp - self._before[0]) / NANO, (received - self._before[1]) / NANO
            if not 0.0 < step <= max(real, 0.0) + _AHEAD:
                step = max(real, 0.0)
            shown = min(step, LONGEST)
            self.shortened += step - shown
            self._now += shown
        self._before = (stamp, received)
        return self._now

    def until(self, received: int) -> float:
        """Of a time of the recording after the last moment."""
        return self._now + min(max((received - self._before[1]) / NANO, 0.0), LONGEST) if self._before else 0.0
