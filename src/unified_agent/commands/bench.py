# SPDX-License-Identifier: Apache-2.0
"""``unified-agent bench``: each figure against the bare library, in the same run."""

import argparse
import importlib

MEASURES = {
    "environment": ("unified_agent.sim.profile", "env_profile"),
    "captioner": ("unified_agent.vision.profile", "captioner_profile"),
    "collecting": ("unified_agent.learning.profile", "collecting_profile"),
    "resume": ("unified_agent.learning.resume_profile", "resume_profile"),
    "images": ("unified_agent.nodes.profile", "image_profile"),
    "graph": ("unified_agent.nodes.profile", "graph_profile"),
    "recorder": ("unified_agent.nodes.recorder_profile", "recorder_profile"),
    "crash": ("unified_agent.nodes.recorder_profile", "crash_profile"),
    "relabel": ("unified_agent.learning.relabel_profile", "relabel_profile"),
    "damage": ("unified_agent.learning.relabel_profile", "damage_profile"),
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
