# SPDX-License-Identifier: Apache-2.0
"""``unified-agent bench``: each figure against the bare library, in the same run."""

import argparse
import importlib

MEASURES = {
    "environment": ("unified_agent.bench.environment", "env_profile"),
    "guard": ("unified_agent.bench.guard", "guard_profile"),
    "captioner": ("unified_agent.bench.captioner", "captioner_profile"),
    "collecting": ("unified_agent.bench.collecting", "collecting_profile"),
    "resume": ("unified_agent.bench.resume", "resume_profile"),
    "images": ("unified_agent.bench.graph", "image_profile"),
    "lives": ("unified_agent.bench.lives", "lives_profile"),
    "stop": ("unified_agent.bench.lives", "stop_profile"),
    "graph": ("unified_agent.bench.graph", "graph_profile"),
    "recorder": ("unified_agent.bench.recorder", "recorder_profile"),
    "crash": ("unified_agent.bench.recorder", "crash_profile"),
    "relabel": ("unified_agent.bench.relabel", "relabel_profile"),
    "damage": ("unified_agent.bench.relabel", "damage_profile"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--only", nargs="+", choices=MEASURES, default=list(MEASURES), help="what to measure; all by default"
    )


def run(arguments: argparse.Namespace) -> dict:
    """Measure and print."""
    result = {}
    for name in arguments.only:
        module, function = MEASURES[name]
        print(f"{name} ...", flush=True)
        result[name] = getattr(importlib.import_module(module), function)()
        for figure, value in result[name].items():
            print(f"  {figure:28} {value:.4g}" if isinstance(value, float) else f"  {figure:28} {value}", flush=True)
    return {"ok": True, **result}
