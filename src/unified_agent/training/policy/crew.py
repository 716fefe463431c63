# SPDX-License-Identifier: Apache-2.0
"""Collectors in processes of their own, on this machine or (``ray_crew``) on a cluster."""

import multiprocessing
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing import connection
from typing import Protocol

import torch

from unified_agent.errors import UserError, in_range
from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.network import NetworkConfig, PolicyNetwork
from unified_agent.training.policy.collector import Assignment, Collector
from unified_agent.training.policy.experience import Episode

MOST_COLLECTORS = max(8, 4 * (multiprocessing.cpu_count() or 1))
"""On this machine: more would only fill its memory."""
CHUNK = 8
"""Episodes handed to a collector at a time: all that is lost with it."""
LIVES = 3
"""How often a chunk is tried again after its collector died."""


@dataclass(frozen=True)
class Equipment:
    """What every collector is made of: the arguments of ``Collector``."""

    arm: str = "default"
    clip: str = "default"
    worlds: int = 4
    randomise: bool = False
    pictures: bool = True


def check_collectors(count: int, ray: str | None = None) -> None:
    """Make sure that there can be so many collectors on this machine (on a cluster, Ray says how many).

    Raises:
        UserError: there cannot.
    """
    in_range("collectors", count, 1, MOST_COLLECTORS if ray is None else 10_000)


def chunks(assignments: Sequence[Assignment]) -> list[Sequence[Assignment]]:
    """The assignments in pieces that do not depend on how many collectors there are."""
    return [assignments[start : start + CHUNK] for start in range(0, len(assignments), CHUNK)]


def packed(policy: Policy | None) -> dict | None:
    """A policy as plain data, to be sent to a collector."""
    if policy is None:
        return None
    weights = {name: tensor.cpu().numpy() for name, tensor in policy.network.state_dict().items()}
    return {"network": policy.network.config.to_json(), "weights": weights, "temperature": policy.temperature}


def unpacked(data: dict | None) -> Policy | None:
    """The policy that was ``packed``."""
    if data is None:
        return None
    network = PolicyNetwork(NetworkConfig.from_json(data["network"]))
    network.load_state_dict({name: torch.from_numpy(array) for name, array in data["weights"].items()})
    return Policy(network, {}, data["temperature"])


class Member(Protocol):
    """One collector, seen from outside.

    Attributes:
        chunk: the number of the chunk it plays; None while it is idle.
    """

    chunk: int | None

    def begin(self, chunk: int, assignments: Sequence[Assignment], policy: dict | None) -> None:
        """Play a chunk with a ``packed`` policy."""

    def finish(self) -> list[Episode]:
        """What it played, and idle again.

        Raises:
            EOFError: it died.
        """

    def close(self) -> None:
        """End it."""


class Crew(ABC):
    """Collectors that play episodes together; one that dies is replaced, and its chunk is played again.

    Args:
        count: collectors; one a core is best.
    """

    def __init__(self, count: int) -> None:
        self._members: list[Member] = []
        for _ in range(count):
            self._members.append(self._recruit())

    @abstractmethod
    def _recruit(self) -> Member:
        """A new collector."""

    @abstractmethod
    def _ready(self, busy: Sequence[Member]) -> list[Member]:
        """Wait until one of the busy members has finished or died; those that have."""

    def play(self, assignments: Sequence[Assignment], policy: Policy | None) -> Iterator[list[Episode]]:
        """Chunks of episodes in the order of the assignments, whoever played them.

        Raises:
            UserError: collectors keep dying over the same chunk.
        """
        pieces, data = chunks(assignments), packed(policy)
        waiting, lives = list(range(len(pieces)))[::-1], dict.fromkeys(range(len(pieces)), LIVES)
        done: dict[int, list[Episode]] = {}
        given = 0
        while given < len(pieces):
            for member in self._members:
                if member.chunk is None and waiting:
                    chunk = waiting.pop()
                    member.begin(chunk, pieces[chunk], data)
            for member in self._ready([member for member in self._members if member.chunk is not None]):
                chunk = member.chunk
                try:
                    done[chunk] = member.finish()
                except EOFError as error:
                    lives[chunk] -= 1
                    if not lives[chunk]:
                        raise UserError(
                            f"Collectors died {LIVES} times over the same {CHUNK} episodes: is there enough memory? "
                            f"Fewer --collectors or --worlds need less. {error}".rstrip()
                        ) from None
                    self._members[self._members.index(member)] = self._recruit()
                    waiting.append(chunk)
            while given in done:
                yield done.pop(given)
                given += 1

    def close(self) -> None:
        """End the collectors."""
        for member in self._members:
            member.close()


class SoloCrew(Crew):
    """One collector in this process: for many runs side by side, each on a core of its own.

    Args:
        equipment: of the collector.
    """

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        super().__init__(1)

    def _recruit(self) -> Member:
        return _Self(Collector(**asdict(self._equipment)))

    def _ready(self, busy: Sequence["_Self"]) -> list["_Self"]:
        return list(busy)


class _Self:
    """A ``Member`` that plays when it is asked what it played."""

    def __init__(self, collector: Collector) -> None:
        self.chunk: int | None = None
        self._collector = collector
        self._given: tuple[Sequence[Assignment], dict | None] = ((), None)

    def begin(self, chunk: int, assignments: Sequence[Assignment], policy: dict | None) -> None:
        self.chunk, self._given = chunk, (assignments, policy)

    def finish(self) -> list[Episode]:
        assignments, policy = self._given
        self.chunk = None
        return self._collector.play(assignments, unpacked(policy))

    def close(self) -> None:
        self._collector.close()


class LocalCrew(Crew):
    """Collectors as processes on this machine.

    Args:
        count: collectors; one a core is best.
        equipment: of each.
    """

    def __init__(self, count: int, equipment: Equipment) -> None:
        check_collectors(count)
        self._equipment = equipment
        super().__init__(count)

    def _recruit(self) -> Member:
        return _Process(self._equipment)

    def _ready(self, busy: Sequence["_Process"]) -> list["_Process"]:
        by_pipe = {member.pipe: member for member in busy}
        return [by_pipe[pipe] for pipe in connection.wait(list(by_pipe))]


class _Process:
    """A ``Member`` in a process of its own."""

    def __init__(self, equipment: Equipment) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.chunk: int | None = None
        self._process = context.Process(target=_work, args=(theirs, equipment), daemon=True)
        self._process.start()
        theirs.close()

    def begin(self, chunk: int, assignments: Sequence[Assignment], policy: dict | None) -> None:
        self.chunk = chunk
        with suppress(BrokenPipeError, ConnectionResetError):  # it died while idle: finish() finds out
            self.pipe.send((assignments, policy))

    def finish(self) -> list[Episode]:
        try:
            answer = self.pipe.recv()
        except (ConnectionResetError, EOFError):
            self.close()
            raise EOFError from None
        self.chunk = None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.pipe.close()
        self._process.terminate()
        self._process.join()


def _work(pipe: connection.Connection, equipment: Equipment) -> None:
    """The life of a collector's process: it ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    try:
        collector = Collector(**asdict(equipment))
        while True:
            assignments, policy = pipe.recv()
            pipe.send(collector.play(assignments, unpacked(policy)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except Exception as error:  # told to the learner, which ends the run with it
        pipe.send(error)
