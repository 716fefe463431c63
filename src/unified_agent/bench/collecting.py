# SPDX-License-Identifier: Apache-2.0
"""How fast collecting is, where its time goes, and what a second collector adds."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import torch

from unified_agent.policy.checkpoint import Policy
from unified_agent.policy.network import PolicyNetwork
from unified_agent.sim import tasks
from unified_agent.sim.camera import SceneCameras
from unified_agent.sim.world import World
from unified_agent.training.policy.collector import Assignment, Collector
from unified_agent.training.policy.crew import CHUNK, Equipment, LocalCrew
from unified_agent.vision.clip import Clip

_PARTS = {
    "physics": (World, "_advance"),
    "rendering": (SceneCameras, "render"),
    "clip": (Clip, "encode_views"),
    "policy": (PolicyNetwork, "sample"),
}


def collecting_profile(episodes: int = 96, task: str = "stack_red_on_blue") -> dict[str, float]:
    """Let collectors play with the shipped policy, a fifth of the actions random.

    Returns:
        ``actions_per_second`` of one collector in this process; the share of its time in ``physics`` (``mj_step``),
        ``rendering``, ``clip``, ``policy`` (the network) and ``rest``; ``two_collectors`` over one, both in processes
        of their own (the first chunk of each is not counted: it starts them).
    """
    torch.set_num_threads(1)
    seconds = dict.fromkeys(_PARTS, 0.0)
    collector, policy = Collector(**vars(Equipment())), Policy.load()
    collector.play(_assignments(task, 2), policy)
    with _timed(seconds):
        start = perf_counter()
        actions = sum(map(len, collector.play(_assignments(task, episodes), policy)))
        wall = perf_counter() - start
    collector.close()
    shares = {part: spent / wall for part, spent in seconds.items()}
    rates = [_rate(count, episodes, task, policy) for count in (1, 2)]
    return {
        "actions_per_second": actions / wall,
        **shares,
        "rest": 1.0 - sum(shares.values()),
        "one_collector": rates[0],
        "two_collectors": rates[1],
        "two_over_one": rates[1] / rates[0],
        "cores": float(multiprocessing.cpu_count()),
    }


def _assignments(task: str, count: int) -> list[Assignment]:
    wanted = tasks.get(task)
    plan = tuple(goal.sentence for goal in wanted.plan)
    return [Assignment(wanted.name, wanted.instruction, plan, seed, 10, explore=0.2) for seed in range(count)]


def _rate(collectors: int, episodes: int, task: str, policy: Policy) -> float:
    """Actions a second of so many collectors, once all of them run."""
    crew = LocalCrew(collectors, Equipment())
    try:
        for _ in crew.play(_assignments(task, collectors * CHUNK), policy):
            pass
        start = perf_counter()
        actions = sum(len(episode) for chunk in crew.play(_assignments(task, episodes), policy) for episode in chunk)
        return actions / (perf_counter() - start)
    finally:
        crew.close()


@contextmanager
def _timed(seconds: dict[str, float]) -> Iterator[None]:
    """Add up the time spent in the methods of ``_PARTS``."""
    originals = {part: getattr(owner, name) for part, (owner, name) in _PARTS.items()}
    for part, (owner, name) in _PARTS.items():
        setattr(owner, name, _timing(originals[part], seconds, part))
    try:
        yield
    finally:
        for part, (owner, name) in _PARTS.items():
            setattr(owner, name, originals[part])


def _timing(method: Callable, seconds: dict[str, float], part: str) -> Callable:
    def timed(*args, **kwargs):
        start = perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            seconds[part] += perf_counter() - start

    return timed
