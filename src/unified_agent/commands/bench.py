# SPDX-License-Identifier: Apache-2.0
"""``unified-agent bench``: each figure against the bare library, in the same run."""

import argparse
import importlib
from pathlib import Path

from unified_agent.errors import UserError

MEASURES = {
    "environment": ("unified_agent.bench.environment", "env_profile"),
    "guard": ("unified_agent.bench.guard", "guard_profile"),
    "captioner": ("unified_agent.bench.captioner", "captioner_profile"),
    "collecting": ("unified_agent.bench.collecting", "collecting_profile"),
    "resume": ("unified_agent.bench.resume", "resume_profile"),
    "images": ("unified_agent.bench.graph", "image_profile"),
    "lives": ("unified_agent.bench.lives", "lives_profile"),
    "stop": ("unified_agent.bench.lives", "stop_profile"),
    "reward_node": ("unified_agent.bench.reward_node", "reward_node_profile"),
    "graph": ("unified_agent.bench.graph", "graph_profile"),
    "recorder": ("unified_agent.bench.recorder", "recorder_profile"),
    "crash": ("unified_agent.bench.recorder", "crash_profile"),
    "relabel": ("unified_agent.bench.relabel", "relabel_profile"),
    "damage": ("unified_agent.bench.relabel", "damage_profile"),
    "humanoid": ("unified_agent.bench.humanoid", "humanoid_profile"),
    "reward": ("unified_agent.bench.reward", "reward_profile"),
    "fuzz": ("unified_agent.bench.fuzz", "fuzz_profile"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--only", nargs="+", choices=MEASURES, default=list(MEASURES), help="what to measure; all by default"
    )
    parser.add_argument("--inputs", type=int, default=1_000, help="of fuzz: how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of fuzz: of the first input; the next has the next")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="of fuzz: inputs at fault, a line of JSON each")


def run(arguments: argparse.Namespace) -> dict:
    """Measure and print."""
    if arguments.inputs < 1 or arguments.seed < 0:
        raise UserError("--inputs is 1 or more, --seed 0 or more.")
    fuzz = {"inputs": arguments.inputs, "seed": arguments.seed, "faults": arguments.faults}
    result = {}
    for name in arguments.only:
        module, function = MEASURES[name]
        print(f"{name} ...", flush=True)
        result[name] = getattr(importlib.import_module(module), function)(**(fuzz if name == "fuzz" else {}))
        for figure, value in result[name].items():
            print(f"  {figure:28} {value:.4g}" if isinstance(value, float) else f"  {figure:28} {value}", flush=True)
    return {"ok": all(figures.get("ok", True) for figures in result.values()), **result}
