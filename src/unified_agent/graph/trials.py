# SPDX-License-Identifier: Apache-2.0
"""Trials through the true graph: every node a process, the instruction said aloud, judged by MuJoCo's true poses."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from unified_agent.errors import UserError
from unified_agent.graph import lists
from unified_agent.graph.domains import Domain
from unified_agent.graph.following import SUCCESS, Follower
from unified_agent.graph.processes import Processes
from unified_agent.nodes import transport
from unified_agent.sim.tasks import Task
from unified_agent.trials.evaluation import Agent
from unified_agent.trials.trial import Trial

BRIDGE = "mujoco_bridge"
# Wall seconds.
START_LIMIT, SERVICE_LIMIT, EPISODE_LIMIT = 600.0, 120.0, 600.0


def evaluate(
    agent: Agent,
    tasks: Sequence[Task],
    seed: int,
    randomise: bool,
    speed: float = 5.0,
    runs: Path | None = None,
    params_file: Path | None = None,
) -> Iterator[Trial]:
    """One episode a task through one graph, from one start of evaluation after another.

    Args:
        seed: number of the first start, see `sim.starts`: nothing learns from one.
        randomise: random lights, colours, table and camera poses at every start.
        speed: simulated seconds a wall second; 0: as fast as possible.
        runs: record every episode, and keep the recordings in a folder there.
        params_file: a ROS parameter file, on top of that in ``config/``.

    Raises:
        UserError: a node fails or falls silent.
    """
    arguments = {
        "arm": agent.arm,
        "planner": agent.planner,
        "clip_model": agent.clip,
        "policy": agent.policy,
        "device": agent.device,
        "speed": str(speed),
        "seed": str(agent.start(seed)),
        "randomise": str(randomise).lower(),
        "record": str(runs is not None).lower(),
        **({} if runs is None else {"runs": str(runs)}),
        **({} if params_file is None else {"params_file": str(params_file)}),
    }
    with running(arguments) as trials:
        for number, task in enumerate(tasks, start=seed):
            yield trials.run(task, agent.start(number))


class Late(UserError):
    """Something that was waited for did not come."""


@contextmanager
def running(arguments: Mapping[str, str]) -> Iterator["Trials"]:
    """A graph with these launch arguments on a ROS domain of its own, ready.

    It is ended on leaving, and its recordings are deleted, unless ``runs`` is among the arguments.
    """
    transport.prepare()
    with tempfile.TemporaryDirectory(prefix="unified_agent_") as folder:
        wanted = lists.sim({"runs": folder, **arguments})
        namespace = wanted.namespace
        with (
            Domain(str(wanted.run), namespace) as domain,
            Processes(wanted, domain) as processes,
            Follower(namespace=namespace, remaps=wanted.remaps) as follower,
        ):
            trials = Trials(processes, follower)
            trials.wait(trials.ready, START_LIMIT, "the graph to be ready")
            yield trials


class Trials:
    """Episodes in one running graph.

    Attributes:
        follower: what it says.
    """

    def __init__(self, processes: Processes, follower: Follower):
        self.follower = follower
        self._processes = processes
        self._parameters = follower.node.create_client(SetParameters, f"{BRIDGE}/set_parameters")
        self._reset = follower.node.create_client(Trigger, f"{BRIDGE}/reset")
        self._resume = follower.node.create_client(Trigger, f"{BRIDGE}/resume")

    def ready(self) -> bool:
        """Whether every node has loaded what it needs and sees."""
        messages = {name: status.message for name, status in self.follower.diagnostics.items()}
        return (
            messages.get("captioner", "").startswith("scoring")
            and messages.get("planner") == "ready"
            and "policy" in messages
            and self._reset.service_is_ready()
        )

    def run(self, task: Task, seed: int) -> Trial:
        """The task's instruction, said at the start of that seed; one whose end does not come is a failure."""
        follower = self.follower
        values = [Parameter("task", value=task.name), Parameter("seed", value=seed)]
        request = SetParameters.Request(parameters=[value.to_parameter_msg() for value in values])
        results = self._call(self._parameters, request).results
        for result in results:
            if not result.successful:
                raise UserError(f"The bridge refused a parameter: {result.reason}")
        # What stopped the arm in the trial before is over, and nobody else is here to acknowledge it.
        self._call(self._resume, Trigger.Request())
        self._call(self._reset, Trigger.Request())
        follower.say(task.instruction)
        try:
            self.wait(lambda: bool(follower.outcome), EPISODE_LIMIT, f"the end of '{task.instruction}'")
        except Late as late:
            # A trial that failed, and no reason to give up the others.
            follower.outcome = str(late)
        true = self._true_sentences()
        claimed = follower.outcome == SUCCESS
        success = all(goal.sentence in true for goal in task.goals)
        actions = int(follower.figure("policy", "actions") or 0)
        return Trial(success, claimed, actions, "" if claimed else follower.outcome)

    def wait(self, condition: Callable[[], object], limit: float, what: str) -> None:
        """Follow until something is so.

        Raises:
            Late: it is not after ``limit`` wall seconds.
            UserError: a node has ended.
        """
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                raise Late(f"Waited {limit:.0f} s in vain for {what}.")
            for _ in self.follower.poll():
                pass
            self._processes.check()

    def _true_sentences(self) -> list[str]:
        """What is true by MuJoCo's poses, from the bridge's next report."""
        self.follower.diagnostics.pop(BRIDGE, None)
        self.wait(lambda: BRIDGE in self.follower.diagnostics, SERVICE_LIMIT, f"the diagnostics of {BRIDGE}")
        return self.follower.figure(BRIDGE, "true").split("\n")

    def _call(self, client, request):
        future = client.call_async(request)
        self.wait(future.done, SERVICE_LIMIT, f"an answer of {client.srv_name}")
        return future.result()
