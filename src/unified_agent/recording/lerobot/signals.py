# SPDX-License-Identifier: Apache-2.0
"""A recording's joints, commands, objects and sub-goals over time: small beside its pictures, so read whole."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence

import numpy as np

from unified_agent.errors import UserError
from unified_agent.recording.cdr import NANO
from unified_agent.recording.lerobot.clock import CameraClock, MessageTimes
from unified_agent.recording.losses import Losses

# Numbers of one recording's signals that are kept, 8 bytes each, and names that they may have: a bag that holds more
# was not made by a robot.
MOST_NUMBERS = 16_000_000
MOST_NAMES = 500
_LONGEST_NAME = 200
LARGEST = float(np.finfo(np.float32).max)
# A stamp of 2**63 nanoseconds is no time.
LAST = 2**62


class Curve:
    """A number over time.

    Args:
        times: nanoseconds, in any order; of equal ones the last counts.
        values: as many.
    """

    def __init__(self, times: np.ndarray, values: np.ndarray):
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        last = np.append(times[1:] != times[:-1], True) if len(times) else np.zeros(0, bool)
        self._times, self._values = times[last], values[last].astype(float)

    def at(self, time: int, reach: float) -> tuple[float, float]:
        """The value at a time and how far the nearest sample is from it, seconds.

        Between two samples it is on the line through both, where they lie no further apart than twice ``reach``
        (seconds) and differ by less than half a turn (a joint without end jumps there); else it is the nearest's.
        """
        after = int(np.searchsorted(self._times, time))
        before = max(after - 1, 0)
        after = min(after, len(self._times) - 1)
        early, late = int(self._times[before]), int(self._times[after])
        first, second = self._values[before], self._values[after]
        nearest = before if abs(time - early) < abs(late - time) else after
        age = abs(int(self._times[nearest]) - time) / NANO
        if early < time < late and late - early <= 2 * reach * NANO and abs(second - first) < np.pi:
            return float(first + (second - first) * ((time - early) / (late - early))), age
        return float(self._values[nearest]), age

    def newest(self, time: int) -> tuple[float, float]:
        """The newest value that is not newer than a time (the first one before all), and its age in seconds."""
        index = max(int(np.searchsorted(self._times, time, side="right")) - 1, 0)
        return float(self._values[index]), abs(time - int(self._times[index])) / NANO


class Signals:
    """Numbers by name, from messages that each hold some of them.

    Args:
        what: of what, for what is told: "joint states".
        losses: what could not be used is told to them.
    """

    def __init__(self, what: str, losses: Losses):
        self.what, self._losses = what, losses
        self._received, self._stamps = array("q"), array("q")
        self._messages: dict[str, array] = {}
        self._values: dict[str, array] = {}
        self._groups: dict[tuple[str, ...], None] = {}
        self._numbers = 0

    @property
    def count(self) -> int:
        """Messages."""
        return len(self._received)

    @property
    def names(self) -> tuple[str, ...]:
        """In an order that does not hang on which publisher came first: the largest message's, then the others."""
        groups = sorted(self._groups, key=lambda group: (-len(group), group))
        return tuple(dict.fromkeys(name for group in groups for name in group if name in self._values))

    def add(self, received: int, stamp: int, names: Sequence[str], values: Iterable[float]) -> None:
        """A message: times in nanoseconds (a stamp of 0 means none), and its numbers.

        Raises:
            UserError: more names or numbers than a robot has.
        """
        values = [float(value) for value in values]
        if len(values) < len(names):
            self.lose("messages with fewer values than names")
        seen: dict[str, float] = {}
        for name, value in zip(names, values, strict=False):
            if not name or len(name) > _LONGEST_NAME:
                self.lose("values without a name" if not name else f"names of more than {_LONGEST_NAME} characters")
            elif name in seen:
                self.lose(f"values of a name that is twice in a message ('{name[:40]}')")
            elif not abs(value) <= LARGEST:
                self.lose(f"values of '{name[:40]}' that are no numbers")
            else:
                seen[name] = value
        index = len(self._received)
        self._received.append(min(received, LAST))
        self._stamps.append(stamp)
        if seen:
            self._groups[tuple(seen)] = None
        for name, value in seen.items():
            self._messages.setdefault(name, array("i")).append(index)
            self._values.setdefault(name, array("f")).append(value)
        self._numbers += len(seen) + 2
        if len(self._values) > MOST_NAMES or len(self._groups) > 100 * MOST_NAMES:
            raise UserError(f"its {self.what} have more than {MOST_NAMES} names: expected those of a robot")
        if self._numbers > MOST_NUMBERS:
            raise UserError(f"its {self.what} are more than {MOST_NUMBERS} numbers: export it in parts")

    def times(self, clock: CameraClock, by_stamp: bool) -> MessageTimes:
        """When the messages were."""
        return clock.times(self._received, self._stamps, by_stamp)

    def curves(self, clock: CameraClock, by_stamp: bool) -> tuple[dict[str, Curve], MessageTimes]:
        """Each number over the cameras' time, in the order of `names`; and how that time was found."""
        found = self.times(clock, by_stamp)
        curves = {
            name: Curve(found.times[np.asarray(self._messages[name])], np.asarray(self._values[name]))
            for name in self.names
        }
        return curves, found

    def lose(self, why: str) -> None:
        """Something could not be used."""
        self._losses.add(f"{self.what}: {why}")


class Commands:
    """Trajectories that were commanded, by joint: the newest one stands until the next.

    Arguments as for `Signals`.
    """

    def __init__(self, what: str, losses: Losses):
        self._kept = Signals(what, losses)
        self._points: dict[str, list[tuple[int, np.ndarray, np.ndarray]]] = {}
        self._numbers = 0

    @property
    def count(self) -> int:
        """Messages."""
        return self._kept.count

    @property
    def names(self) -> tuple[str, ...]:
        """As for `Signals`."""
        return self._kept.names

    def add(
        self,
        received: int,
        stamp: int,
        names: Sequence[str],
        points: Sequence[tuple[float, Sequence[float]]],
    ) -> None:
        """A command: its points, (seconds from its start, positions); without any it is none.

        Raises:
            UserError: more names or numbers than a robot has.
        """
        whole = sorted(((after, values) for after, values in points if len(values) >= len(names)), key=lambda p: p[0])
        if len(whole) < len(points):
            self._kept.lose("points with fewer values than names")
        if not whole:
            return
        index = self._kept.count
        self._kept.add(received, stamp, names, list(whole[-1][1])[: len(names)])
        times = np.array([after for after, _ in whole])
        for place, name in enumerate(names):
            wanted = np.array([values[place] for _, values in whole])
            if (np.abs(wanted) <= LARGEST).all():
                self._points.setdefault(name, []).append((index, times, wanted.astype(np.float32)))
        self._numbers += len(whole) * (len(names) + 1)
        if self._numbers > MOST_NUMBERS:
            raise UserError(f"its {self._kept.what} are more than {MOST_NUMBERS} numbers: export it in parts")

    def curves(self, clock: CameraClock, by_stamp: bool) -> tuple[dict[str, "CommandCurve"], MessageTimes]:
        """As for `Signals`."""
        found = self._kept.times(clock, by_stamp)
        curves = {name: CommandCurve(found.times, self._points[name]) for name in self.names if name in self._points}
        return curves, found


class CommandCurve:
    """What one joint was told over time.

    Args:
        times: of all commands, nanoseconds.
        commands: (which of them, seconds from its start, positions).
    """

    def __init__(self, times: np.ndarray, commands: Sequence[tuple[int, np.ndarray, np.ndarray]]):
        self._commands = sorted(commands, key=lambda command: times[command[0]])
        self._starts = [int(times[index]) for index, _, _ in self._commands]

    def at(self, time: int, ahead: int) -> float | None:
        """Where the newest command given by ``time`` wants the joint ``ahead`` (both nanoseconds) later.

        On the line between its points, before the first one's place and after the last one's; None before the first
        command.
        """
        index = bisect_right(self._starts, time) - 1
        if index < 0:
            return None
        _, after, values = self._commands[index]
        return float(np.interp((time + ahead - self._starts[index]) / NANO, after, values))


class Words:
    """Sentences that stand until the next one, with the times of the recording: text has no stamp."""

    def __init__(self) -> None:
        self._received, self._texts = array("q"), []
        self._starts = np.zeros(0, np.int64)

    def add(self, received: int, text: str) -> None:
        """Something was said; nanoseconds."""
        if len(self._texts) >= MOST_NUMBERS // 100:
            raise UserError("it has more sub-goals than an agent can pursue")
        self._received.append(min(received, LAST))
        self._texts.append(text)

    def settle(self, clock: CameraClock) -> None:
        """Bring the times onto the cameras' clock."""
        received = np.asarray(self._received, np.int64)
        order = np.argsort(received, kind="stable")
        self._texts = [self._texts[index] for index in order]
        self._starts = clock.of(received[order])

    def at(self, time: int) -> str:
        """What stood at a time; empty before the first."""
        index = int(np.searchsorted(self._starts, time, side="right")) - 1
        return self._texts[index] if index >= 0 else ""
