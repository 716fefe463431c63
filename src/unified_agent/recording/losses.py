# SPDX-License-Identifier: Apache-2.0
"""What could not be read."""

from collections import Counter

SHOWN = 20


class Losses:
    """A list of what was lost that stays short: the same loss is counted, and after the first few the rest too."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, what: str, count: int = 1) -> bool:
        """Something was lost; whether it is the first of its kind."""
        if what not in self._counts and len(self._counts) >= SHOWN:
            what = "more of the same kind"
        self._counts[what] += count
        return self._counts[what] == count

    @property
    def lines(self) -> list[str]:
        """One line each."""
        return [what if count == 1 else f"{what} ({count} times)" for what, count in self._counts.items()]

    def __bool__(self) -> bool:
        return bool(self._counts)
