# SPDX-License-Identifier: Apache-2.0
"""Following a running graph from outside: what is said on its topics, as lines for people."""

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String
from std_srvs.srv import Trigger

from unified_agent.errors import UserError
from unified_agent.graph.lists import NODES
from unified_agent.nodes import qos
from unified_agent.nodes.course import SUCCESS as SUCCESS
from unified_agent.nodes.course import Course
from unified_agent.nodes.errand import Errand, Step
from unified_agent.nodes.lives import Watched

POLL = 0.1
# Wall seconds in which a running graph is found.
DISCOVERY = 10.0
SETTLING = 5
# Wall seconds in which a node that was killed leaves the graph: for so long it and its successor may both be there.
LEAVING = 4.0

_KINDS = {DiagnosticStatus.OK: "node", DiagnosticStatus.WARN: "warning", DiagnosticStatus.ERROR: "error"}


class NoGraph(UserError):
    """Nobody listens to instructions, or no longer."""


class TwoGraphs(UserError):
    """Two nodes of one kind answer: what is heard cannot be told apart."""


class Follower(Course):
    """Watches one graph, from an instruction to the end of its episode.

    A context manager; inside it ROS is initialised and signals are left to Python.

    Args:
        announce: tell of every node when it is first heard.
        namespace: of the graph; empty: none.
        remaps: (from, to) of the graph's names.

    Attributes:
        written: files of the episode's recording, once the recorder has closed them.
        troubles: what is wrong with that recording, a line each.
    """

    def __init__(self, announce: bool = True, namespace: str = "", remaps: Sequence[tuple[str, str]] = ()) -> None:
        self._announce = announce
        self._namespace, self._remaps = f"/{namespace}", remaps
        self._lines: deque[str] = deque()
        self._errand: Errand | None = None
        self._said, self._cancelled = "", False
        self._twice_since: float | None = None
        super().__init__()

    def begin(self, instruction: str) -> None:
        """Follow the next episode; of that instruction, where it is not empty."""
        super().begin(instruction)
        self.written: tuple[str, ...] = ()
        self.troubles: tuple[str, ...] = ()
        self._written_before = self.figure("recorder", "written")

    def __enter__(self) -> "Follower":
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        rules = [word for before, after in self._remaps for word in ("-r", f"{before}:={after}")]
        self.node = Node(
            "follower",
            namespace=self._namespace,
            cli_args=["--ros-args", *rules] if rules else None,
            enable_rosout=False,
            start_parameter_services=False,
        )
        listen = self.node.create_subscription
        listen(String, qos.PLAN.name, self._on_plan, qos.COMMAND)
        listen(String, qos.SUBGOAL.name, self._on_subgoal, qos.COMMAND)
        listen(String, qos.REACHED.name, self._on_reached, qos.COMMAND)
        listen(String, qos.EPISODE.name, self._on_episode, qos.COMMAND)
        listen(DiagnosticArray, qos.DIAGNOSTICS.name, self._on_diagnostics, qos.RECORDED)
        self._lives = {name: Watched(self.node, name) for name in ("planner", "policy")}
        self._say = self.node.create_publisher(String, qos.INSTRUCTION.name, qos.INSTRUCTION.qos)
        self._cancels = [self.node.create_client(Trigger, f"{name}/cancel") for name in ("planner", "policy")]
        return self

    def __exit__(self, *error) -> None:
        self.node.destroy_node()
        rclpy.try_shutdown()

    @property
    def recording(self) -> bool:
        """Whether a recorder is still busy with the episode."""
        recorder = self.diagnostics.get("recorder")
        busy = recorder is not None and recorder.level != DiagnosticStatus.ERROR and not self.written
        return busy and self.started is not None

    def say(self, instruction: str) -> None:
        """Give an instruction to the planner. `poll` says it again until it was heard.

        Raises:
            NoGraph: no planner and policy listen.
        """
        end = time.monotonic() + DISCOVERY
        while not self._found():
            if time.monotonic() > end:
                raise NoGraph(
                    f"No graph is running here (no node listens to {self._name(qos.INSTRUCTION)} and "
                    f"{self._name(qos.PLAN)}): start one with 'unified-agent up sim', or set ROS_DOMAIN_ID (and "
                    "--namespace) to that of a graph on another machine or of another person."
                )
            self.serve()
        # Who is found here has found us only a moment later.
        for _ in range(SETTLING):
            self.serve()
        self.begin(instruction)
        self._said, self._cancelled = instruction, False
        self._errand = Errand(self, time.monotonic())

    def cancel(self) -> None:
        """Give up what is being planned or done; the arm comes to rest. The outcome tells, as of any end."""
        self._cancelled = True

    def still_there(self) -> None:
        """Look whether the graph that was spoken to still runs.

        Raises:
            NoGraph: its planner or its policy has gone.
        """
        for name, topic in (("planner", qos.PLAN), ("policy", qos.EPISODE)):
            if self._lives[name].gone or not self.node.count_publishers(topic.name):
                raise NoGraph(
                    f"The graph's {name} has gone before the episode ended: look where the graph was started."
                )

    def _found(self) -> bool:
        """Whether planner and policy are there and tell how they are, and all who listen to instructions hear us."""
        count = self.node.count_subscribers(qos.INSTRUCTION.name)
        planner = self.node.count_publishers(qos.PLAN.name)
        policy = self.node.count_publishers(qos.EPISODE.name)
        told = {"planner", "policy"} <= set(self.diagnostics)
        return bool(planner and policy and told and self._say.get_subscription_count() >= count > 0)

    def _name(self, topic: qos.Topic) -> str:
        return self.node.resolve_topic_name(topic.name)

    def poll(self) -> Iterator[str]:
        """Serve the topics for a moment; the lines to show since the last call.

        Raises:
            TwoGraphs: two nodes of one kind answer.
        """
        self.serve()
        lines, self._lines = self._lines, deque()
        return iter(lines)

    def serve(self) -> None:
        """Serve the topics for a moment; the lines wait for the next `poll`.

        Raises:
            TwoGraphs: two nodes of one kind answer.
        """
        self._only_one_of_each()
        self._run_errand()
        end = time.monotonic() + POLL
        while (left := end - time.monotonic()) > 0:
            rclpy.spin_once(self.node, timeout_sec=left)

    def _run_errand(self) -> None:
        if self._errand is None:
            return
        step = self._errand.step(time.monotonic(), self._cancelled)
        if step is Step.SAY:
            self._say.publish(String(data=self._said))
        elif step is Step.CANCEL:
            for client in self._cancels:
                client.call_async(Trigger.Request())
        if self._errand.outcome and not self.outcome:
            self.outcome = f"{self._errand.outcome}: {self._errand.reason}"

    def _only_one_of_each(self) -> None:
        publishers = self.node.get_publishers_info_by_topic(qos.DIAGNOSTICS.name)
        nodes = Counter(info.node_name for info in publishers if info.node_namespace == self._namespace)
        twice = next((name for name in NODES if nodes[name] > 1), "")
        if not twice:
            self._twice_since = None
            return
        self._twice_since = self._twice_since or time.monotonic()
        if time.monotonic() - self._twice_since > LEAVING:
            raise TwoGraphs(
                f"{nodes[twice]} nodes named '{self._namespace.rstrip('/')}/{twice}' answer on this ROS domain: two "
                "graphs run on it, or a node was started twice. Stop one of them, or give each graph a namespace "
                "or a ROS_DOMAIN_ID of its own."
            )

    def _on_plan(self, message: String) -> None:
        self.hear_plan(message.data)
        if self.plan:
            self._lines.append(f"plan    {self.plan[0]}")
            self._lines.extend(f"        {sentence}" for sentence in self.plan[1:])

    def _on_subgoal(self, message: String) -> None:
        if message.data:
            self._lines.append(f"pursue  {message.data}")

    def _on_reached(self, message: String) -> None:
        self.hear_reached(message.data)
        self._lines.append(f"seen    {message.data}")

    def _on_episode(self, message: String) -> None:
        if self.hear_episode(message.data):
            self._lines.append(f"end     {self.outcome} after {self.seconds:.1f} s")

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            before = self.diagnostics.get(status.name)
            self.hear_status(status)
            if before is None and self._announce:
                self._lines.append(f"node    {status.name}: {status.message}")
            elif before is not None and status.message != before.message and _tells(status):
                kind = _KINDS.get(status.level, "node")
                self._lines.append(f"{kind:7} {status.name}: {status.message}")
            self._look_for_files()

    def _look_for_files(self) -> None:
        written = self.figure("recorder", "written")
        finished = written not in ("", self._written_before) and not self.figure("recorder", "recording")
        if self.outcome and not self.written and finished:
            self.written = tuple(written.split("\n"))
            self._lines.extend(f"wrote   {path}" for path in self.written)
            self.troubles = tuple(filter(None, self.figure("recorder", "troubles").split("\n")))
            self._lines.extend(f"warning recorder: {line}" for line in self.troubles)


def _tells(status: DiagnosticStatus) -> bool:
    """Whether a change is news: trouble always, and what the planner does, for which a person waits."""
    if status.name == "recorder" and status.message.startswith("wrote "):
        return False  # told with the files
    return status.level != DiagnosticStatus.OK or status.name == "planner"
