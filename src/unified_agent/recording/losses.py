# SPDX-License-Identifier: Apache-2.0
"""What could not be read."""

from collections import Counter
from typing import Optional

SHOWN = 20


class Losses:
    """A list of what was lost that stays short: the same loss is counted, and after the first few the rest too.

    What is read again is lost again: each `reading` counts for itself, and the list holds the most that one of them
    lost of a kind.
    """

    def __init__(self, _whole: Optional["Losses"] = None) -> None:
        self._counts: Counter[str] = Counter()
        self._whole = _whole

    def reading(self) -> "Losses":
        """The losses of one pass over what may be read several times; they are in this list too."""
        return Losses(self)

    def add(self, what: str, count: int = 1) -> bool:
        """Something was lost; whether it is the first of its kind."""
        if what not in self._counts and len(self._counts) >= SHOWN:
            what = "more of other kinds"
        self._counts[what] += count
        if self._whole is None:
            return self._counts[what] == count
        return self._whole._reach(what, self._counts[what])

    def _reach(self, what: str, count: int) -> bool:
        if what not in self._counts and len(self._counts) >= SHOWN:
            what = "more of other kinds"
        first = what not in self._counts
        self._counts[what] = max(self._counts[what], count)
        return first

    @property
    def lines(self) -> list[str]:
        """One line each."""
        return [what if count == 1 else f"{what} ({count} times)" for what, count in self._counts.items()]

    def __bool__(self) -> bool:
        return bool(self._counts)
