# SPDX-License-Identifier: Apache-2.0
"""Following a running graph from outside: what is said on its topics, as lines for people."""

import time
from collections import Counter, deque
from collections.abc import Iterator

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.graph.lists import NODES
from unified_agent.nodes import messages, qos
from unified_agent.nodes.lives import Watched

POLL = 0.1
# Wall seconds in which a running graph is found.
DISCOVERY = 10.0
SETTLING = 5
SUCCESS = "success"


_KINDS = {DiagnosticStatus.OK: "node", DiagnosticStatus.WARN: "warning", DiagnosticStatus.ERROR: "error"}


class NoGraph(UserError):
    """Nobody listens to instructions, or no longer."""


class TwoGraphs(UserError):
    """Two nodes of one kind answer: what is heard cannot be told apart."""


class Follower:
    """Watches one graph, from an instruction to the end of its episode.

    A context manager; inside it ROS is initialised and signals are left to Python.

    Args:
        announce: tell of every node when it is first heard.

    Attributes:
        plan: sentences of the newest plan.
        reached: sentences reached in the episode that is followed.
        outcome: ``success``, ``failure: <why>`` or ``refused: <why>`` once the episode ended; empty before.
        seconds: wall time from the episode's start to its end.
        written: files of the episode's recording, once the recorder has closed them.
        diagnostics: node -> newest status.
    """

    def __init__(self, announce: bool = True) -> None:
        self._announce = announce
        self.plan: tuple[str, ...] = ()
        self.diagnostics: dict[str, DiagnosticStatus] = {}
        self._lines: deque[str] = deque()
        self.begin("")

    def begin(self, instruction: str) -> None:
        """Follow the next episode; of that instruction, where it is not empty."""
        self.reached: list[str] = []
        self.outcome, self.seconds, self.written = "", 0.0, ()
        self._instruction = " ".join(instruction.split())
        self._started: float | None = None
        self._refused = False
        self._written_before = self.figure("recorder", "written")

    def __enter__(self) -> "Follower":
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node("follower", enable_rosout=False, start_parameter_services=False)
        listen = self.node.create_subscription
        listen(String, qos.PLAN.name, self._on_plan, qos.COMMAND)
        listen(String, qos.SUBGOAL.name, self._on_subgoal, qos.COMMAND)
        listen(String, qos.REACHED.name, self._on_reached, qos.COMMAND)
        listen(String, qos.EPISODE.name, self._on_episode, qos.COMMAND)
        listen(DiagnosticArray, qos.DIAGNOSTICS.name, self._on_diagnostics, qos.RECORDED)
        self._lives = {name: Watched(self.node, name) for name in ("planner", "policy")}
        self._say = self.node.create_publisher(String, qos.INSTRUCTION.name, qos.INSTRUCTION.qos)
        return self

    def __exit__(self, *error) -> None:
        self.node.destroy_node()
        rclpy.try_shutdown()

    @property
    def recording(self) -> bool:
        """Whether a recorder is still busy with the episode."""
        recorder = self.diagnostics.get("recorder")
        busy = recorder is not None and recorder.level != DiagnosticStatus.ERROR and not self.written
        return busy and self._started is not None

    def say(self, instruction: str) -> None:
        """Give an instruction to the planner.

        Raises:
            NoGraph: no planner and policy listen.
        """
        end = time.monotonic() + DISCOVERY
        while not self._heard():
            if time.monotonic() > end:
                raise NoGraph(
                    "No graph is running here (no node listens to /instruction and /plan): start one with "
                    "'unified-agent up sim', or set ROS_DOMAIN_ID to that of a graph on another machine or of "
                    "another person."
                )
            self.poll()
        # Who is found here has found us only a moment later.
        for _ in range(SETTLING):
            self.poll()
        self.begin(instruction)
        self._say.publish(String(data=instruction))

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

    def _heard(self) -> bool:
        """Whether a planner and a policy are there, and all who listen to instructions are connected."""
        count = self.node.count_subscribers(qos.INSTRUCTION.name)
        planner = self.node.count_publishers(qos.PLAN.name)
        policy = self.node.count_publishers(qos.EPISODE.name)
        return bool(planner and policy and self._say.get_subscription_count() >= count > 0)

    def poll(self) -> Iterator[str]:
        """Serve the topics for a moment; the lines to show since the last call.

        Raises:
            TwoGraphs: two nodes of one kind answer.
        """
        self._only_one_of_each()
        end = time.monotonic() + POLL
        while (left := end - time.monotonic()) > 0:
            rclpy.spin_once(self.node, timeout_sec=left)
        lines, self._lines = self._lines, deque()
        return iter(lines)

    def _only_one_of_each(self) -> None:
        nodes = Counter(info.node_name for info in self.node.get_publishers_info_by_topic(qos.DIAGNOSTICS.name))
        for name in NODES:
            if nodes[name] > 1:
                raise TwoGraphs(
                    f"{nodes[name]} nodes named '{name}' answer on this ROS domain: two graphs run on it, or a node "
                    "was started twice. Stop one of them, or give each graph a ROS_DOMAIN_ID of its own."
                )

    def figure(self, node: str, key: str) -> str:
        """A value of a node's newest diagnostics; empty where there is none."""
        status = self.diagnostics.get(node)
        return next((entry.value for entry in status.values if entry.key == key), "") if status else ""

    def _on_plan(self, message: String) -> None:
        self.plan = messages.plan_sentences(message.data)
        if self.plan:
            self._lines.append(f"plan    {self.plan[0]}")
            self._lines.extend(f"        {sentence}" for sentence in self.plan[1:])
        elif self._started is None:
            self._refused = True
            self._look_for_reason()

    def _on_subgoal(self, message: String) -> None:
        if message.data:
            self._lines.append(f"pursue  {message.data}")

    def _on_reached(self, message: String) -> None:
        self.reached.append(message.data)
        self._lines.append(f"seen    {message.data}")

    def _on_episode(self, message: String) -> None:
        verb, _, text = message.data.partition(" ")
        if verb == "start" and (self._instruction in ("", text) or self.outcome):
            self.begin(text)
            self._started = time.monotonic()
        elif verb == "end" and self._started is not None and not self.outcome:
            self.outcome, self.seconds = text, time.monotonic() - self._started
            self._lines.append(f"end     {text} after {self.seconds:.1f} s")

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            before = self.diagnostics.get(status.name)
            self.diagnostics[status.name] = status
            if before is None and self._announce:
                self._lines.append(f"node    {status.name}: {status.message}")
            elif before is not None and status.message != before.message and _tells(status):
                kind = _KINDS.get(status.level, "node")
                self._lines.append(f"{kind:7} {status.name}: {status.message}")
            self._look_for_files()
            self._look_for_reason()

    def _look_for_reason(self) -> None:
        """A refusal is an empty plan; its reason comes on /diagnostics, before or after."""
        planner = self.diagnostics.get("planner")
        if self._refused and not self.outcome and planner is not None and planner.message.startswith("refused"):
            self.outcome = planner.message

    def _look_for_files(self) -> None:
        written = self.figure("recorder", "written")
        finished = written not in ("", self._written_before) and not self.figure("recorder", "recording")
        if self.outcome and not self.written and finished:
            self.written = tuple(written.split("\n"))
            self._lines.extend(f"wrote   {path}" for path in self.written)


def _tells(status: DiagnosticStatus) -> bool:
    """Whether a change is news: trouble always, and what the planner does, for which a person waits."""
    return status.level != DiagnosticStatus.OK or status.name == "planner"
