# SPDX-License-Identifier: Apache-2.0
"""Environments in processes of their own, which end with the one that started them."""

import multiprocessing
import signal
from collections.abc import Mapping
from multiprocessing import connection

import numpy as np

from unified_agent.errors import UserError, first_line, in_range
from unified_agent.training.reward.environments import EnvFacts, EnvironmentFault, EnvSettings, Step, TimedEnv

MOST = max(16, 8 * (multiprocessing.cpu_count() or 1))
"""On this machine: more would only fill its memory."""


class Workers:
    """Several copies of one environment, each in a process.

    Args:
        settings: of each.
        count: how many.

    Attributes:
        facts: of the environment.

    Raises:
        EnvironmentFault: see `TimedEnv`.
    """

    def __init__(self, settings: EnvSettings, count: int) -> None:
        in_range("envs", count, 1, MOST)
        context = multiprocessing.get_context("spawn")
        self._name = settings.env
        self._pipes: list[connection.Connection] = []
        self._processes = []
        try:
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, settings), daemon=True)
                process.start()
                theirs.close()
                self._pipes.append(ours)
                self._processes.append(process)
            self.facts: EnvFacts = [self._heard(number) for number in range(count)][0]
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._pipes)

    def reset(self, seeds: Mapping[int, int], own_rules: bool = False) -> dict[int, np.ndarray]:
        """Begin an episode in each of these, from its seed; their observations."""
        return self._asked({number: ("reset", seed, own_rules) for number, seed in seeds.items()})

    def step(self, actions: Mapping[int, np.ndarray], pictures: bool) -> dict[int, tuple[Step, np.ndarray | None]]:
        """Act in each of these; the pictures, uint8 of shape (C, H, W, 3), where they are wanted."""
        steps = self._asked({number: ("step", action, pictures) for number, action in actions.items()})
        return {number: (step, self._picture(number) if pictures else None) for number, step in steps.items()}

    def picture(self, number: int) -> np.ndarray:
        """What is to be seen in one of them now."""
        self._asked({number: ("look",)})
        return self._picture(number)

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

    def _asked(self, questions: Mapping[int, tuple]) -> dict:
        for number, question in questions.items():
            try:
                self._pipes[number].send(question)
            except OSError:
                raise self._died(number) from None
        return {number: self._heard(number) for number in questions}

    def _heard(self, number: int):
        try:
            answer = self._pipes[number].recv()
        except (EOFError, OSError):
            raise self._died(number) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _picture(self, number: int) -> np.ndarray:
        frames = np.empty(self._heard(number), np.uint8)
        self._pipes[number].recv_bytes_into(memoryview(frames).cast("B"))
        return frames

    def _died(self, number: int) -> EnvironmentFault:
        self._processes[number].join(1)
        return EnvironmentFault(
            f"A process of '{self._name}' died (exit status {self._processes[number].exitcode}): is there enough memory "
            "for so many --envs? The run goes on where it was kept when the command is given again."
        )


def _work(pipe: connection.Connection, settings: EnvSettings) -> None:
    """The life of a process: it ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        env = TimedEnv(settings)
        pipe.send(env.facts)
        while True:
            verb, *given = pipe.recv()
            if verb == "reset":
                pipe.send(env.reset(*given))
            elif verb == "step":
                action, pictures = given
                pipe.send(env.step(action))
                if pictures:
                    _show(pipe, env)
            else:
                pipe.send(None)
                _show(pipe, env)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except UserError as error:
        pipe.send(error)
    except Exception as error:
        pipe.send(EnvironmentFault(f"'{settings.env}' failed: {type(error).__name__}: {first_line(error)}"))


def _show(pipe: connection.Connection, env: TimedEnv) -> None:
    frames = np.ascontiguousarray(env.picture())
    pipe.send(frames.shape)
    pipe.send_bytes(memoryview(frames).cast("B"))
