# SPDX-License-Identifier: Apache-2.0
"""``unified-agent learn``: a policy from scratch, from what CLIP sees."""

import argparse
import shlex
import sys
import time
from dataclasses import fields
from pathlib import Path

from unified_agent.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--task",
        default="stack_red_on_blue",
        help="an instruction, a task, or groups of tasks that take turns, with + between them: "
        "grasp, stack, place_on_table, triple_stack",
    )
    parser.add_argument("--actions", type=int, default=10_000, help="picks and places to collect")
    parser.add_argument("--out", type=Path, default=Path("runs/learn"), help="folder; an unfinished run there goes on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--arm", default="default", help="name of a file in config/arms")
    parser.add_argument("--collectors", type=int, default=2, help="processes that collect; one a core is best")
    parser.add_argument("--worlds", type=int, default=4, help="worlds that a collector steps together")
    parser.add_argument("--ray", help="collect as Ray actors instead: 'local', or the address of a cluster")
    parser.add_argument("--buffer", type=Path, help="folder of the lifelong buffer; default: OUT/buffer")
    parser.add_argument(
        "--buffer-limit",
        type=float,
        help="GiB, kept with the buffer; the oldest experience goes first (a new buffer: 8)",
    )
    parser.add_argument("--reuse", action="store_true", help="begin with what the buffer's old episodes teach")
    parser.add_argument(
        "--rescore",
        action="store_true",
        help="with --reuse: score the frames of episodes anew that were seen with another CLIP or other thresholds",
    )
    parser.add_argument("--planner", default="smollm2", help="back end that plans; 'none' takes the task's own plan")
    parser.add_argument("--clip-model", default="default", help="the CLIP that says what came true")
    parser.add_argument(
        "--clone", default="causal", help="causal or prefix: which demonstrations before a success are cloned"
    )
    parser.add_argument("--no-hindsight", action="store_true", help="learn only from the sub-goal that was pursued")
    parser.add_argument("--whole-task", action="store_true", help="the baseline: only the whole task is rewarded")
    parser.add_argument("--randomise", action="store_true", help="random lights, colours, table and camera poses")
    parser.add_argument("--last-updates", type=int, default=4_000, help="gradient steps after the last round")
    parser.add_argument("--until", type=float, default=2.0, help="stop at this measured success rate")
    parser.add_argument("--evaluate-every", type=int, default=2_000, help="picks and places between measurements")


def run(arguments: argparse.Namespace) -> dict:
    """Learn, and return the figures."""
    from unified_agent.training.policy.collect_and_infer import LearningSettings
    from unified_agent.training.policy.learning_run import LearningRun

    begin = time.monotonic()
    shared = {f.name for f in fields(LearningSettings)} & set(vars(arguments))
    settings = LearningSettings(
        **{**{name: getattr(arguments, name) for name in shared}, "task": task_name(arguments.task)},
        hindsight=not arguments.no_hindsight,
    )
    session = LearningRun(
        settings,
        out=arguments.out,
        buffer=arguments.buffer,
        buffer_limit=arguments.buffer_limit,
        planner=arguments.planner,
        clip=arguments.clip_model,
        randomise=arguments.randomise,
        collectors=arguments.collectors,
        worlds=arguments.worlds,
        ray=arguments.ray,
        command="unified-agent " + shlex.join(sys.argv[1:]),
        reuse=arguments.reuse,
        rescore=arguments.rescore,
    )
    for name, plan in session.plans.items():
        print(f"{name}: {'; '.join(plan)}")
    card = session.learn()
    print(f"success {card['success']:.1%} after {card['actions']} actions; the curve is {arguments.out}/curve.png")
    print(f"The policy is in {arguments.out}/policy; use it with policy:={arguments.out}/policy.")
    return {"ok": True, "out": str(arguments.out), **card, "seconds": round(time.monotonic() - begin, 1)}


def task_name(words: str) -> str:
    """The task that an instruction or a name means.

    Raises:
        UserError: there is none.
    """
    from unified_agent.sim import tasks

    said = " ".join(words.lower().rstrip(" .!").split())
    for task in map(tasks.get, tasks.names()):
        if task.instruction == said:
            return task.name
    try:
        for name in words.split("+"):
            tasks.group(name)
    except UserError as error:
        raise UserError(
            f"{error} An instruction must be the task's own, e.g. '{tasks.get('stack_red_on_blue').instruction}': the "
            "measurement needs to know what success is."
        ) from None
    return words
