# SPDX-License-Identifier: Apache-2.0
"""Observers as Ray actors, on this machine or on the machines of a cluster (an optional extra)."""

from collections.abc import Callable, Sequence

from unified_agent.errors import UserError
from unified_agent.training.relabelling.observers import Answers, LookEquipment, LookFailure, LookTask, Observer

LOCAL = "local"


def observed_on_ray(
    tasks: Sequence[LookTask],
    equipment: LookEquipment,
    jobs: int | None,
    progress: Callable[[int], object],
    address: str = LOCAL,
) -> Answers:
    """As `observed`, by actors with a core each; recordings and the folder lie at the same place on every machine.

    Args:
        jobs: actors; None: one for each core of the cluster.
        address: "local" starts Ray on this machine; else the address of a cluster.

    Raises:
        UserError: Ray is not installed, there is no cluster at the address, or an observer cannot be made.
    """
    try:
        import ray
    except ImportError:
        raise UserError("Searching on a cluster needs Ray: pip install 'unified_agent[cluster]'.") from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", include_dashboard=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(f"No Ray cluster answers at '{address}' ({error}): give its address, or 'local'.") from None
    try:
        count = min(len(tasks), jobs or int(ray.cluster_resources().get("CPU", 1)))
        yield from _by_actors(ray, tasks, equipment, max(1, count), progress)
    finally:
        ray.shutdown()


def _by_actors(ray, tasks: Sequence[LookTask], equipment: LookEquipment, count: int, progress) -> Answers:
    waiting = sorted(tasks, key=lambda task: (task.size, task.folder))
    kind = ray.remote(num_cpus=1)(Observer)
    busy = {}
    for _ in range(count):
        actor, task = kind.remote(equipment), waiting.pop()
        busy[actor.look.remote(task)] = (actor, task)
    while busy:
        ready, _ = ray.wait(list(busy))
        for answer in ready:
            actor, task = busy.pop(answer)
            try:
                found = ray.get(answer)
            except ray.exceptions.RayTaskError as error:  # it could not be made
                raise getattr(error, "cause", None) or UserError(str(error)) from None
            except ray.exceptions.RayActorError as error:
                if isinstance(cause := getattr(error, "cause", None), UserError):
                    raise cause from None
                found = LookFailure("the actor that looked at it died; is there enough memory?")
                actor = kind.remote(equipment)
            progress(task.size)
            if waiting:
                following = waiting.pop()
                busy[actor.look.remote(following)] = (actor, following)
            yield task, found
