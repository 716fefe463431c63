# SPDX-License-Identifier: Apache-2.0
"""Recordings looked at by several processes of this machine, each with a CLIP of its own."""

import errno
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path
from typing import TypeVar

from unified_agent.errors import UserError
from unified_agent.training.relabelling.labels import Labels
from unified_agent.training.relabelling.looking import look
from unified_agent.training.relabelling.question import Question

Made = TypeVar("Made")
# What no other recording would escape.
_FATAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
# Bytes of recordings that make it worth while to begin one more process.
SMALL = 32 * 2**20


@dataclass(frozen=True)
class LookTask:
    """One recording to look at.

    Attributes:
        bag: its path.
        folder: for what is made of it; a new one.
        name: what those files are called.
        size: bytes.
    """

    bag: Path
    folder: Path
    name: str
    size: int


@dataclass(frozen=True)
class LookFailure:
    """Why a recording was not looked at.

    Attributes:
        cause: a sentence.
        fatal: whether the others would fail as well.
    """

    cause: str
    fatal: bool = False


@dataclass(frozen=True)
class LookEquipment:
    """What an observer is made of.

    Attributes:
        clip: spec of the model; on every machine the same weights.
        model: their `model_of`.
        device: ``cpu`` or ``cuda``.
        threads: of the processor, for CLIP.
        sentences: what is asked.
        thresholds: sentence -> gamma, before those on the model's card.
        default: gamma of any other sentence; None: the card's.
        question: what else is asked.
    """

    clip: str
    model: str
    device: str
    threads: int
    sentences: tuple[str, ...]
    thresholds: dict[str, float]
    default: float | None = None
    question: Question = field(default_factory=Question)


def model_of(clip) -> str:
    """Tells a CLIP from others: by its weights, and by what it knows."""
    known = "" if clip.known is None else f", knows scenes up to {clip.known.threshold:.6g}"
    return clip.fingerprint[:16] + known


class Observer:
    """Looks at one recording after the other."""

    def __init__(self, equipment: LookEquipment, detector=None):
        import torch

        from unified_agent.vision.clip import Clip
        from unified_agent.vision.detector import Detector

        torch.set_num_threads(max(1, equipment.threads))
        self._equipment = equipment
        if detector is None:
            clip = Clip.load(equipment.clip, equipment.device)
            if equipment.model and model_of(clip) != equipment.model:
                raise UserError(f"The CLIP '{equipment.clip}' has other weights here than where the search was begun.")
            detector = Detector(clip, equipment.sentences, equipment.thresholds, equipment.default)
        self._detector = detector

    def look(self, task: LookTask, progress: Callable[[int], object] = lambda read: None) -> Labels | LookFailure:
        """What was found, or why nothing could be."""
        question, device = self._equipment.question, self._equipment.device
        return attempted(lambda: look(task.bag, task.folder, task.name, self._detector, question, progress, device))


def attempted(work: Callable[[], Made]) -> Made | LookFailure:
    """What is made of a recording, or why nothing can be: one of thousands must not end the work."""
    try:
        return work()
    except UserError as error:
        return LookFailure(str(error))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return LookFailure(f"{error.strerror or error}{where}", error.errno in _FATAL)
    except MemoryError:
        return LookFailure("there is not enough memory for it")
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        return LookFailure(f"it cannot be looked at ({type(error).__name__}: {text})")


Answers = Iterator[tuple[LookTask, Labels | LookFailure]]


def observed(
    tasks: Sequence[LookTask],
    equipment: LookEquipment,
    jobs: int,
    progress: Callable[[int], object],
    detector=None,
) -> Answers:
    """What was found in each recording, as they get done; the largest are begun first.

    Args:
        jobs: processes; with 1 all is done in this one.
        progress: called with bytes of recordings as they are read.
        detector: for one process, where there is one already.

    Raises:
        UserError: an observer cannot be made.
    """
    tasks = sorted(tasks, key=lambda task: (-task.size, task.folder))
    if jobs > 1:
        yield from _by_processes(tasks, equipment, jobs, progress)
        return
    observer = Observer(equipment, detector)
    for task in tasks:
        yield task, observer.look(task, progress)


def _by_processes(
    tasks: Sequence[LookTask], equipment: LookEquipment, jobs: int, progress: Callable[[int], object]
) -> Answers:
    waiting = list(tasks)[::-1]
    members = [_Process(equipment) for _ in range(min(jobs, len(waiting)))]
    try:
        for member in members:
            member.begin(waiting.pop())
        while busy := {member.pipe: member for member in members if member.task is not None}:
            for pipe in connection.wait(list(busy)):
                member, task = busy[pipe], busy[pipe].task
                answer = member.answer()
                if isinstance(answer, int):
                    progress(answer)
                    continue
                if member.dead:
                    members.remove(member)
                    if waiting:
                        member = _Process(equipment)
                        members.append(member)
                if waiting:
                    member.begin(waiting.pop())
                yield task, answer
    finally:
        for member in members:
            member.close()


class _Process:
    """An observer in a process of its own."""

    def __init__(self, equipment: LookEquipment):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.task: LookTask | None = None
        self.dead = False
        self._process = context.Process(target=_work, args=(theirs, equipment), daemon=True)
        with _deaf():
            self._process.start()
        theirs.close()

    def begin(self, task: LookTask) -> None:
        self.task = task
        with suppress(BrokenPipeError, ConnectionResetError):  # it died while idle: answer() finds out
            self.pipe.send(task)

    def answer(self) -> int | Labels | LookFailure:
        """Bytes read since it last said so, or what came of its task.

        Raises:
            UserError: it could not be made.
        """
        try:
            answer = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.dead = True
            self.close()
            code = self._process.exitcode or 0
            how = signal.Signals(-code).name if code < 0 else f"status {code}"
            answer = LookFailure(f"the process that looked at it ended with {how}; is there enough memory?")
        if isinstance(answer, UserError):
            raise answer
        if not isinstance(answer, int):
            self.task = None
        return answer

    def close(self) -> None:
        self.pipe.close()
        if not self.dead:
            self._process.terminate()
        self._process.join()


@contextmanager
def _deaf() -> Iterator[None]:
    """A process begun meanwhile does not hear Ctrl-C, which a terminal sends to all: it ends with its pipe."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(pipe: connection.Connection, equipment: LookEquipment) -> None:
    """The life of an observer's process: it ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        observer = Observer(equipment)
        while True:
            pipe.send(observer.look(pipe.recv(), pipe.send))
    except UserError as error:
        pipe.send(error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
