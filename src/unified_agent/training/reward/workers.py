# SPDX-License-Identifier: Apache-2.0
"""Environments in processes of their own, which end with the one that started them."""

import multiprocessing
import signal
from collections.abc import Mapping
from multiprocessing import connection

import numpy as np

from unified_agent.errors import UserError, first_line
from unified_agent.training.reward.environments import EnvFacts, EnvironmentFault, EnvSettings, TimedEnv, Transition


class Workers:
    """Copies of one environment, spread over processes: those of a process act one after another.

    Args:
        settings: of each.
        count: how many; one is made when it is first used.
        processes: at most; one a core is best.

    Attributes:
        facts: of the environment.

    Raises:
        EnvironmentFault: see `TimedEnv`.
    """

    def __init__(self, settings: EnvSettings, count: int, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._name, self._count = settings.env, count
        self._pipes: list[connection.Connection] = []
        self._processes = []
        try:
            for _ in range(min(count, processes)):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, settings), daemon=True)
                process.start()
                theirs.close()
                self._pipes.append(ours)
                self._processes.append(process)
            heard: list[EnvFacts] = [self._heard(process) for process in range(len(self._pipes))]
            self.facts = heard[0]
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return self._count

    def reset(self, seeds: Mapping[int, int], own_rules: bool = False) -> dict[int, np.ndarray]:
        """Begin an episode in each of these, from its seed; their observations."""
        answers = self._asked({number: ("reset", seed, own_rules) for number, seed in seeds.items()})
        return {number: observation for number, (observation, _) in answers.items()}

    def step(
        self, actions: Mapping[int, np.ndarray], pictures: bool
    ) -> dict[int, tuple[Transition, np.ndarray | None]]:
        """Act in each of these; the pictures, uint8 of shape (C, H, W, 3), where they are wanted."""
        return self._asked({number: ("step", action, pictures) for number, action in actions.items()}, pictures)

    def close(self) -> None:
        """End them."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self, questions: Mapping[int, tuple], pictures: bool = False) -> dict:
        """Each environment's answer, and its picture or None; processes work at the same time."""
        each = len(self._pipes)
        asked = {process: {n: q for n, q in questions.items() if n % each == process} for process in range(each)}
        for process, part in asked.items():
            try:
                if part:
                    self._pipes[process].send(part)
            except OSError:
                raise self._died(process) from None
        answers = {}
        for process, part in asked.items():
            for number in part:
                answers[number] = self._heard(process), self._picture(process) if pictures else None
        return answers

    def _heard(self, process: int):
        try:
            answer = self._pipes[process].recv()
        except (EOFError, OSError):
            raise self._died(process) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _picture(self, process: int) -> np.ndarray:
        frames = np.empty(self._heard(process), np.uint8)
        self._pipes[process].recv_bytes_into(memoryview(frames).cast("B"))
        return frames

    def _died(self, process: int) -> EnvironmentFault:
        self._processes[process].join(1)
        return EnvironmentFault(
            f"A process of '{self._name}' died (exit status {self._processes[process].exitcode}): is there memory for "
            "so many --envs? The same command goes on from where the run was kept."
        )


def _work(pipe: connection.Connection, settings: EnvSettings) -> None:
    """The life of a process: it ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        first, envs = TimedEnv(settings), {}
        pipe.send(first.facts)
        while True:
            for number, (verb, *given) in pipe.recv().items():
                if number not in envs:
                    envs[number] = TimedEnv(settings) if envs else first
                _answer(pipe, envs[number], verb, *given)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except UserError as error:
        pipe.send(error)
    except Exception as error:
        pipe.send(EnvironmentFault(f"'{settings.env}' failed: {type(error).__name__}: {first_line(error)}"))


def _answer(pipe: connection.Connection, env: TimedEnv, verb: str, given: object, flag: bool) -> None:
    if verb == "reset":
        pipe.send(env.reset(given, flag))
        return
    pipe.send(env.step(given))
    if flag:
        frames = np.ascontiguousarray(env.picture())
        pipe.send(frames.shape)
        pipe.send_bytes(memoryview(frames).cast("B"))
