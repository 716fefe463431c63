# SPDX-License-Identifier: Apache-2.0
"""From scores, moment by moment, to the stretches of a recording in which a sentence was true."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from unified_agent.recording.cdr import NANO
from unified_agent.training.relabelling.labels import Find
from unified_agent.vision.steady import Steady


class Instant(NamedTuple):
    """When a moment was.

    Attributes:
        received: time of the recording, nanoseconds.
        stamp: of its frames, nanoseconds.
    """

    received: int
    stamp: int


@dataclass
class _Stretch:
    begin: Instant
    end: Instant
    peak: float
    peak_at: Instant
    moments: int = 1
    unfamiliar: int = 0
    reached: Instant | None = None
    picture: bytes | None = None


@dataclass(order=True)
class _Shown:
    """A find with a picture; the least telling one is the smallest."""

    margin: float
    later: int
    find: int = field(compare=False)
    picture: bytes = field(compare=False)


class Stretches:
    """Follows every sentence through one recording.

    A stretch begins with the first moment over the threshold and ends with the last; it is a find where the sentence
    was seen in it, as `Steady` says. Stamps that jump back end every stretch.

    Args:
        sentences, gammas: what is asked, and the thresholds.
        seconds: for which a sentence must be true to be seen.
        pictures: thumbnails kept of each sentence; those of the highest peaks.
    """

    def __init__(self, sentences: Sequence[str], gammas: Sequence[float], seconds: float, pictures: int):
        self._sentences, self._gammas, self._most = sentences, gammas, pictures
        self._number = {sentence: number for number, sentence in enumerate(sentences)}
        self._steady = Steady(seconds)
        self._open: dict[int, _Stretch] = {}
        self._found: list[tuple[int, _Stretch]] = []
        self._shown: list[list[_Shown]] = [[] for _ in sentences]
        self._last: int | None = None

    def judge(
        self,
        at: Instant,
        over: Sequence[int],
        values: Sequence[float],
        picture: Callable[[], bytes],
        familiar: bool = True,
    ) -> tuple[set[int], list[int]]:
        """A moment was looked at.

        Args:
            over: numbers of the sentences that are held true.
            values: the score of each sentence.
            picture: makes a thumbnail of the moment; called once at most, and only where it is wanted.
            familiar: whether it shows a scene that the model knows.

        Returns:
            Numbers of the sentences that are seen now, and of those of them that were not a moment before.
        """
        if self._last is not None and at.stamp < self._last:
            self.end()
        new_moment = at.stamp != self._last
        self._last = at.stamp
        seen = {self._number[sentence] for sentence in self._judged(at, over)}
        reached = sorted(self._number[sentence] for sentence in self._steady.new) if new_moment else []
        for number in set(self._open) - set(over):
            self._close(number)
        made: list[bytes] = []
        for number in over:
            stretch = self._followed(number, at, values[number])
            stretch.unfamiliar += not familiar
            if self._most and stretch.peak_at is at:
                made = made or [picture()]
                stretch.picture = made[0]
        for number in reached:
            self._open[number].reached = at
        return seen, reached

    def end(self) -> None:
        """The recording is over, or begins anew: nothing goes on."""
        for number in list(self._open):
            self._close(number)

    def finds(self, start: int) -> Iterator[tuple[Find, bytes | None]]:
        """Each find with its thumbnail, in the order of time; ``start``: received first, nanoseconds."""
        pictures = {shown.find: shown.picture for kept in self._shown for shown in kept}
        order = sorted(range(len(self._found)), key=lambda found: (self._found[found][1].begin, self._found[found][0]))
        for found in order:
            number, stretch = self._found[found]
            times = (stretch.begin, stretch.end, stretch.reached, stretch.peak_at)
            begin, end, reached, peak_at = (round((time.received - start) / NANO, 6) for time in times)
            yield (
                Find(
                    self._sentences[number],
                    begin,
                    end,
                    stretch.begin.stamp,
                    stretch.end.stamp,
                    reached,
                    stretch.peak,
                    peak_at,
                    stretch.peak_at.stamp,
                    stretch.moments,
                    stretch.unfamiliar,
                ),
                pictures.get(found),
            )

    def _judged(self, at: Instant, over: Sequence[int]) -> frozenset[str]:
        return self._steady.judge(at.stamp / NANO, [self._sentences[number] for number in over])

    def _followed(self, number: int, at: Instant, value: float) -> _Stretch:
        stretch = self._open.get(number)
        if stretch is None:
            stretch = self._open[number] = _Stretch(at, at, value, at)
            return stretch
        stretch.end = at
        stretch.moments += 1
        if value > stretch.peak:
            stretch.peak, stretch.peak_at = value, at
        return stretch

    def _close(self, number: int) -> None:
        stretch = self._open.pop(number)
        if stretch.reached is None:
            return
        picture, stretch.picture = stretch.picture, None
        self._found.append((number, stretch))
        if picture is None:
            return
        kept, found = self._shown[number], len(self._found) - 1
        heapq.heappush(kept, _Shown(stretch.peak - self._gammas[number], -found, found, picture))
        if len(kept) > self._most:
            heapq.heappop(kept)
