# SPDX-License-Identifier: Apache-2.0
"""``unified-agent say "..."``: an instruction to a running graph, followed to its end; Ctrl-C cancels it."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("instruction", help="what the arm shall do, in plain words")
    parser.add_argument("--namespace", help="of the graph, such as left (default: that of the only graph)")


def run(arguments: argparse.Namespace) -> dict:
    """Say it, show what happens, and return how it ended."""
    from unified_agent.graph import domains, lists
    from unified_agent.graph.following import SUCCESS, Follower
    from unified_agent.nodes import transport

    transport.prepare()
    given = arguments.namespace
    namespace = domains.join(None if given is None else lists.namespace_of(given))

    def show(follower: Follower) -> None:
        for line in follower.poll():
            print(line, flush=True)

    with Follower(announce=False, namespace=namespace) as follower:
        try:
            follower.say(arguments.instruction)
            while not follower.outcome:
                show(follower)
                follower.still_there()
        except KeyboardInterrupt:
            print("cancel  the arm comes to rest (Ctrl-C again: leave it alone)", flush=True)
            follower.cancel()
            while not follower.outcome:
                show(follower)
        show(follower)
    return {
        "ok": follower.outcome == SUCCESS,
        "instruction": arguments.instruction,
        "plan": follower.plan,
        "reached": follower.reached,
        "outcome": follower.outcome,
        "episode_seconds": round(follower.seconds, 1),
    }
