# SPDX-License-Identifier: Apache-2.0
"""Collectors as Ray actors, on this machine or on the machines of a cluster (an optional extra)."""

from collections.abc import Sequence
from dataclasses import asdict

import torch

from unified_agent.errors import UserError
from unified_agent.training.policy.collector import Assignment, Collector
from unified_agent.training.policy.crew import Crew, Equipment, Member, check_collectors, unpacked
from unified_agent.training.policy.experience import Episode

LOCAL = "local"


class RayCrew(Crew):
    """The same collectors as ``LocalCrew``, each a Ray actor with one core.

    Args:
        count: collectors.
        equipment: of each; files that it names must lie at the same place on every machine.
        address: "local" starts Ray on this machine; else the address of a cluster.

    Raises:
        UserError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, count: int, equipment: Equipment, address: str = LOCAL) -> None:
        check_collectors(count, address)
        try:
            import ray
        except ImportError:
            raise UserError("Collecting on a cluster needs Ray: pip install 'unified_agent[cluster]'.") from None
        self._ray, self._equipment = ray, equipment
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error", include_dashboard=False)
        except (OSError, ValueError, RuntimeError, AssertionError) as error:
            raise UserError(f"No Ray cluster answers at '{address}' ({error}): give its address, or 'local'.") from None
        cores = int(ray.cluster_resources().get("CPU", 0))
        if count > cores:  # Ray would wait for more without a word
            ray.shutdown()
            raise UserError(f"{count} collectors need a core each, and the cluster has {cores}: give fewer.")
        super().__init__(count)

    def _recruit(self) -> Member:
        return _Actor(self._ray, self._equipment)

    def _ready(self, busy: Sequence["_Actor"]) -> list["_Actor"]:
        by_answer = {member.answer: member for member in busy}
        ready, _ = self._ray.wait(list(by_answer))
        return [by_answer[answer] for answer in ready]

    def close(self) -> None:
        super().close()
        self._ray.shutdown()


class _RemoteCollector(Collector):
    """A collector that takes its policy as it is sent, and computes with one thread, as one on this machine does."""

    def __init__(self, **equipment: object) -> None:
        torch.set_num_threads(1)
        super().__init__(**equipment)

    def play_packed(self, assignments: Sequence[Assignment], policy: dict | None) -> list[Episode]:
        return self.play(assignments, unpacked(policy))


class _Actor:
    """A ``Member`` that is a Ray actor."""

    def __init__(self, ray, equipment: Equipment) -> None:
        self._ray = ray
        self._actor = ray.remote(num_cpus=1)(_RemoteCollector).remote(**asdict(equipment))
        self.chunk: int | None = None
        self.answer = None

    def begin(self, chunk: int, assignments: Sequence[Assignment], policy: dict | None) -> None:
        self.chunk = chunk
        self.answer = self._actor.play_packed.remote(assignments, policy)

    def finish(self) -> list[Episode]:
        try:
            episodes = self._ray.get(self.answer)
        except self._ray.exceptions.RayActorError as error:
            raise EOFError(str(error)) from None
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
        self.chunk = None
        return episodes

    def close(self) -> None:
        self._ray.kill(self._actor)
