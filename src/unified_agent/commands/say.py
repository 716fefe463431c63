# SPDX-License-Identifier: Apache-2.0
"""``unified-agent say "..."``: an instruction to a running graph, followed to its end."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("instruction", help="what the arm shall do, in plain words")


def run(arguments: argparse.Namespace) -> dict:
    """Say it, show what happens, and return how it ended."""
    from unified_agent.graph import domains, transport
    from unified_agent.graph.following import SUCCESS, Follower

    transport.prepare()
    domains.join()
    with Follower(announce=False) as follower:
        follower.say(arguments.instruction)
        while not follower.outcome:
            for line in follower.poll():
                print(line, flush=True)
            follower.still_there()
        for line in follower.poll():
            print(line, flush=True)
    return {
        "ok": follower.outcome == SUCCESS,
        "instruction": arguments.instruction,
        "plan": follower.plan,
        "reached": follower.reached,
        "outcome": follower.outcome,
        "episode_seconds": round(follower.seconds, 1),
    }
