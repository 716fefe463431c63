# SPDX-License-Identifier: Apache-2.0
"""``unified-agent up sim | replay``: a graph of nodes as processes, without a ROS installation."""

import argparse
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from unified_agent.errors import UserError
from unified_agent.graph import lists
from unified_agent.nodes import transport

GRAPHS = {"sim": lists.sim, "replay": lists.replay}
# Wall seconds that the recorder gets to finish the files of an episode.
CLOSING = 20.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments: those of the launch file, as ``name:=value`` or ``--name value``."""
    parser.add_argument("graph", choices=GRAPHS, help="which graph: the simulated arm, or a recording in its place")
    parser.add_argument("values", nargs="*", metavar="NAME:=VALUE", help="arguments as 'ros2 launch' takes them")
    parser.add_argument("--stay", action="store_true", help="stay up after the instruction's episode, for more")
    for argument in _all_arguments():
        default = f" (default: {argument.default})" if argument.default else ""
        option = "--" + argument.name.replace("_", "-")
        parser.add_argument(option, dest=f"given_{argument.name}", metavar="VALUE", help=argument.description + default)


def run(arguments: argparse.Namespace) -> dict:
    """Start the graph and show what happens, until its episode has ended, a node has, or Ctrl-C."""
    from unified_agent.graph.domains import Domain
    from unified_agent.graph.following import SUCCESS, Follower
    from unified_agent.graph.processes import Processes

    wanted = GRAPHS[arguments.graph](launch_arguments(arguments))
    if wanted.discovery:
        os.environ[transport.RANGE_VARIABLE] = wanted.discovery
    transport.prepare()
    replayed = arguments.graph == "replay"
    stay = arguments.stay or not (wanted.instruction or replayed)
    begin = time.monotonic()

    def show(line: str) -> None:
        print(f"{time.monotonic() - begin:6.1f} s  {line}", flush=True)

    with (
        _signals_as_interrupts(),
        Domain(str(wanted.run), wanted.namespace) as domain,
        Processes(wanted, domain) as processes,
        Follower(namespace=wanted.namespace, remaps=wanted.remaps) as follower,
    ):
        show(f"domain  {domain.number} (for ROS tools in another terminal: export ROS_DOMAIN_ID={domain.number})")
        if wanted.namespace:
            show(f"names   in the namespace {wanted.namespace}")
        show(f"start   {', '.join(node.name for node in wanted.nodes)}; their logs: {processes.logs}")
        if wanted.instruction:
            show(f"say     {wanted.instruction}")
        follower.begin(wanted.instruction)
        ended = None
        while stay or ended is None or (follower.recording and time.monotonic() - ended < CLOSING):
            for line in follower.poll():
                show(line)
            processes.check()
            over = follower.figure("replay", "ended") == "true" if replayed else follower.outcome
            if ended is None and over:
                ended = time.monotonic()
        if follower.recording:
            show(f"warning recorder: it did not finish its files within {CLOSING:g} s; they end where it was stopped")
        show("stop    all nodes")
    return {
        "ok": ended is not None if replayed else follower.outcome == SUCCESS,
        "domain": domain.number,
        "namespace": wanted.namespace,
        "instruction": wanted.instruction,
        "plan": follower.plan,
        "reached": follower.reached,
        "outcome": follower.outcome,
        "episode_seconds": round(follower.seconds, 1),
        "seconds": round(time.monotonic() - begin, 1),
        "written": follower.written,
        "recorded": follower.troubles,
    }


def _all_arguments() -> list[lists.Argument]:
    """Of all graphs, each name once; a graph refuses those of another."""
    return list({argument.name: argument for argument in (*lists.REPLAY_ARGUMENTS, *lists.ARGUMENTS)}.values())


def launch_arguments(arguments: argparse.Namespace) -> dict[str, str]:
    """Name -> text of what was given either way.

    Raises:
        UserError: a value without ``:=``.
    """
    given = {}
    for text in arguments.values:
        name, separator, value = text.partition(":=")
        if not separator:
            raise UserError(f"Expected NAME:=VALUE, not '{text}' (put quotes around a value with spaces).")
        given[name] = value
    options = {argument.name: getattr(arguments, f"given_{argument.name}") for argument in _all_arguments()}
    return given | {name: value for name, value in options.items() if value is not None}


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the graph as Ctrl-C does."""

    def interrupt(number: int, frame) -> None:
        raise KeyboardInterrupt

    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
