# SPDX-License-Identifier: Apache-2.0
"""``unified-agent eval``: success over random starts, judged by MuJoCo's true poses."""

import argparse
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import SEEDS, UserError, in_range


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--task",
        default="stack",
        help="a task, or a group of tasks that take turns: stack, triple_stack, grasp, place_on_table",
    )
    parser.add_argument("--episodes", type=int, default=100, help="random starts")
    parser.add_argument("--seed", type=int, default=0, help="number of the first start; nothing learns from those")
    parser.add_argument("--arm", default="default", help="name of a file in config/arms")
    parser.add_argument("--randomise", action="store_true", help="random lights, colours, table and camera poses")
    parser.add_argument(
        "--graph", action="store_true", help="through the true graph of ROS 2 nodes instead of in-process"
    )
    parser.add_argument("--runs", type=Path, help="with --graph: record every episode, into a folder there")
    parser.add_argument("--params-file", type=Path, help="with --graph: a ROS parameter file of yours, for its nodes")
    parser.add_argument(
        "--planner",
        default="smollm2",
        help="back end that plans each instruction; in-process 'none' takes the task's own plan",
    )
    parser.add_argument("--clip-model", default="default", help="the CLIP that judges sub-goals")
    parser.add_argument(
        "--policy",
        default="default",
        help="'default', a checkpoint folder, or 'play': at random",
    )
    parser.add_argument(
        "--teacher",
        action="store_true",
        help="let the scripted teacher act, one action a sub-goal: measures the physics alone",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def run(arguments: argparse.Namespace) -> dict:
    """Measure, print, and return the figures."""
    from unified_agent.experiments.statistics import wilson
    from unified_agent.sim import tasks
    from unified_agent.trials.evaluation import Agent, evaluate

    group = tasks.group(arguments.task)
    in_range("--episodes", arguments.episodes, 1, 1_000_000)
    in_range("--seed", arguments.seed, 0, SEEDS)
    if arguments.teacher:
        return _teach(arguments)
    chosen = [group[i % len(group)] for i in range(arguments.episodes)]
    agent = Agent(arguments.arm, arguments.planner, arguments.clip_model, arguments.policy, arguments.device)
    if arguments.graph:
        from unified_agent.graph import trials

        evaluate = partial(trials.evaluate, runs=arguments.runs, params_file=arguments.params_file)
    elif arguments.runs or arguments.params_file:
        raise UserError("--runs and --params-file need --graph: in-process there are no nodes, and no recorder.")
    begin = time.monotonic()
    progress = tqdm(
        zip(chosen, evaluate(agent, chosen, arguments.seed, arguments.randomise), strict=True), total=len(chosen)
    )
    by_task, failures = defaultdict(list), []
    for number, (task, trial) in enumerate(progress, start=arguments.seed):
        by_task[task.name].append(trial)
        if not trial.success:
            why = trial.reason or ("claimed, but not so" if trial.claimed else "not done")
            failures.append({"task": task.name, "seed": number, "why": why})
        done = [t for trials in by_task.values() for t in trials]
        progress.set_postfix_str(f"success {sum(t.success for t in done)}/{len(done)}")
    trials = [trial for trials in by_task.values() for trial in trials]
    result = {
        "task": arguments.task,
        "graph": arguments.graph,
        "randomise": arguments.randomise,
        "episodes": len(trials),
        "success": sum(t.success for t in trials),
        "interval": wilson(sum(t.success for t in trials), len(trials)),
        "false_claims": sum(t.claimed and not t.success for t in trials),
        "actions": sum(t.actions for t in trials) / len(trials),
        "by_task": {name: [sum(t.success for t in of), len(of)] for name, of in by_task.items()},
        "failures": failures,
        "seconds": round(time.monotonic() - begin, 1),
    }
    _show(result)
    return result


def _teach(arguments: argparse.Namespace) -> dict:
    from unified_agent.sim import teacher

    result = teacher.run(arguments.task, arguments.episodes, arguments.seed, arguments.arm)
    print(f"{result['successes']} of {result['episodes']} succeeded, {result['standing']} still stood 5 s later")
    for why, count in result["failures"].items():
        print(f"  {count} failed: {why}")
    return {"ok": True, **result}


def _show(result: dict) -> None:
    for name, (successes, count) in result["by_task"].items():
        print(f"  {name:32} {successes:4} of {count}")
    for failure in result["failures"]:
        print(f"  failed: {failure['task']} from seed {failure['seed']}: {failure['why']}")
    low, high = result["interval"]
    print(
        f"{result['success']} of {result['episodes']} succeeded (95% interval {low:.1%} to {high:.1%}), "
        f"{result['actions']:.1f} actions an episode, {result['false_claims']} false claims, {result['seconds']} s"
    )
