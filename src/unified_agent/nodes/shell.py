# SPDX-License-Identifier: Apache-2.0
"""What every node shares: checked parameters, a voice on /diagnostics, and a clean start and end."""

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence

import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import NameValidationException, ParameterException, ROSInterruptException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from unified_agent.errors import UserError
from unified_agent.nodes import lives, parent, qos, transport
from unified_agent.nodes.listening import Listening, copied, overridable, overridden
from unified_agent.nodes.parameter_files import files_of, sections
from unified_agent.nodes.parameters import QOS_OVERRIDES, Spec, Value, declare
from unified_agent.nodes.qos import Topic

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
REPORT_PERIOD = 1.0
# Wall seconds between two looks at the clock, and how far back (seconds) it must have gone to count as set back.
CLOCK_PERIOD, SET_BACK = 0.1, 0.1


class AgentNode(Node):
    """A node of the graph.

    Subclasses list their ``PARAMETERS``, call `report` when their state changes, and override `figures`, `inspect`,
    `changed` and `close` where they have something to add.

    Attributes:
        settings: name -> value of the parameters at the start.
        SENDS_IMAGES: whether it publishes camera images, for which its process needs more shared memory.
    """

    PARAMETERS: Sequence[Spec] = ()
    SENDS_IMAGES = False

    def __init__(self, name: str, overrides: dict[str, Value] | None = None, **options):
        """
        Args:
            overrides: parameter name -> value, before those of files and the command line.

        Raises:
            BadParameter: see `parameters.declare`.
        """
        given = [Parameter(key, value=value) for key, value in (overrides or {}).items()]
        super().__init__(name, parameter_overrides=given, **options)
        self.settings = declare(self, self.PARAMETERS, self.changed)
        self._state: tuple[int, str] = (OK, "starting")
        self._listening: list[Listening] = []
        self._diagnostics = self.create_publisher(qos.DIAGNOSTICS.type, qos.DIAGNOSTICS.name, qos.DIAGNOSTICS.qos)
        # Steady time: a node must be heard when simulated time stands still.
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(REPORT_PERIOD, self._every_second, clock=self.steady)
        self._ended = Future()
        self._alive = lives.show(self)

    def offer(self, topic: Topic):
        """A publisher of one of the graph's topics."""
        profile = copied(topic.qos)
        return overridden(
            self,
            topic.name,
            lambda: self.create_publisher(topic.type, topic.name, profile, qos_overriding_options=overridable()),
        )

    def listen(self, topic: Topic, callback: Callable, profile=None, raw: bool = False) -> Listening:
        """A subscription to one of the graph's topics, which fits what is offered there."""
        listening = Listening(self, topic.type, topic.name, callback, profile or qos.COMMAND, raw)
        self._listening.append(listening)
        return listening

    def forget(self, listening: Listening) -> None:
        """End a subscription."""
        self._listening.remove(listening)
        listening.destroy()

    def resolved(self, topic: Topic) -> str:
        """The name of a topic as it is in this node's namespace and after remapping: what people are told."""
        return self.resolve_topic_name(topic.name)

    def report(self, level: int, message: str) -> None:
        """Say on /diagnostics, at once where it is new, how the node is."""
        if (level, message) == self._state:
            return
        self._state = (level, message)
        # rclpy allows each line of code one severity only.
        if level == OK:
            self.get_logger().info(message)
        elif level == WARN:
            self.get_logger().warning(message)
        else:
            self.get_logger().error(message)
        self.publish_diagnostics()

    def stamp(self) -> Time:
        """The graph's time."""
        return self.get_clock().now().to_msg()

    def watch_clock(self, set_back: Callable[[float], None]) -> None:
        """Call ``set_back`` with the seconds that the graph's clock went back, soon after it did.

        A simulator or a recording that is started anew sets simulated time back, an administrator the system's.
        """
        newest = self.get_clock().now().nanoseconds

        def look() -> None:
            nonlocal newest
            now = self.get_clock().now().nanoseconds
            back, newest = (newest - now) / 1e9, now
            if back > SET_BACK:
                set_back(back)

        self.create_timer(CLOCK_PERIOD, look, clock=self.steady)

    def figures(self) -> dict[str, object]:
        """What is measured: rates, latencies, counts; told with every diagnostic message."""
        return {}

    def inspect(self) -> None:
        """Called every second (wall time): the place to report what has gone quiet."""

    def changed(self, name: str, value: Value) -> None:
        """A ``live`` parameter is about to change."""

    def close(self) -> None:
        """Finish what must not be lost; the context may be shut down already."""

    def publish_diagnostics(self) -> None:
        """State and figures, now."""
        level, message = self._state
        values = [KeyValue(key=key, value=str(value)) for key, value in self.figures().items()]
        whole = self.get_fully_qualified_name()
        status = DiagnosticStatus(level=level, name=self.get_name(), hardware_id=whole, message=message, values=values)
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.stamp()
        self._diagnostics.publish(array)

    def in_thread(self, work: Callable[[], None]) -> threading.Thread:
        """Run ``work`` in a thread of its own; an error in it ends the node as one in a callback would."""

        def run() -> None:
            try:
                work()
            except Exception as error:
                # Publishing fails when the context is shut down under a thread: the end, not an error.
                if self.context.ok():
                    self._ended.set_exception(error)

        thread = threading.Thread(target=run, name=f"{self.get_name()} work", daemon=True)
        thread.start()
        return thread

    def spin(self) -> None:
        """Serve callbacks until the context is shut down.

        Raises:
            Exception: whatever ended a thread of `in_thread`.
        """
        for name in self._parameter_overrides:
            if name.startswith(QOS_OVERRIDES) and not self.has_parameter(name):
                self.get_logger().warning(f"'{name}' has no effect: this node has no such topic, or not yet")
        rclpy.spin_until_future_complete(self, self._ended)
        if self._ended.done():
            self._ended.result()

    def _every_second(self) -> None:
        for listening in self._listening:
            listening.fit()
        self.inspect()
        self.publish_diagnostics()


def program(name: str, make: Callable[[], AgentNode]) -> None:
    """`main` as the whole of a process, which ends with it at once.

    Python's own way of ending would wait for threads that load a model, look through all of torch for garbage, and
    complain of what its bindings leave behind.
    """
    try:
        status = main(name, make)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main(name: str, make: Callable[[], AgentNode], argv: list[str] | None = None) -> int:
    """Run one node. A signal acts at once, also while the node is made and loads a model.

    Args:
        name: of the node, put before an error.
        make: builds it, once ROS is initialised.
        argv: the command line, ``--ros-args`` included; the process's own when None.

    Returns:
        Exit status: 0 after Ctrl-C or SIGTERM, 1 when it ended with an error that was reported, 2 on a user's mistake.
    """
    node, begun = None, False
    if not parent.end_with_it():
        return 0
    transport.make_room_for_images(getattr(make, "SENDS_IMAGES", False))
    try:
        with _signals_as_interrupts():
            for file in files_of(sys.argv if argv is None else argv):
                sections(file)  # ROS would wait for a pipe, and says little of what is wrong
            rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
            begun = True
            node = make()
        rclpy.signals.install_signal_handlers(SignalHandlerOptions.ALL)
        node.spin()
    except (KeyboardInterrupt, ExternalShutdownException, ROSInterruptException):
        pass
    except UserError as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        return 2
    except (ParameterException, NameValidationException) as error:  # of what rclpy itself reads
        return _told(name, error)
    except rclpy._rclpy_pybind11.RCLError as error:
        if rclpy.ok() or not begun:
            return _told(name, error)
    except RuntimeError as error:
        if not begun:  # what it was started with is none of ROS's arguments
            return _told(name, error)
        # A message that is being taken while a signal shuts ROS down: the end, not an error.
        if rclpy.ok():
            raise
    finally:
        # A second Ctrl-C must not cut short what is being closed.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if node is not None:
            node.close()
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _told(name: str, error: Exception) -> int:
    print(f"{name}: {(str(error) or type(error).__name__).splitlines()[0][:500]}", file=sys.stderr, flush=True)
    return 2


@contextlib.contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Let SIGINT and SIGTERM interrupt what Python is doing; ROS's own handlers wait for it to be done."""

    def interrupt(number: int, frame) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
