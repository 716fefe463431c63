# SPDX-License-Identifier: Apache-2.0
"""``unified-agent experiment``: the results of the Unified Agent paper, made again."""

import argparse
import importlib
import json
import time
from pathlib import Path

from unified_agent import experiments
from unified_agent.errors import UserError, nearest
from unified_agent.experiments import NAMES, Conditions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    names = "; ".join(f"{name}: {what}" for name, what in NAMES.items())
    parser.add_argument("name", help=names)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each learner, of seeds 0, 1, ...")
    parser.add_argument("--quick", action="store_true", help="fewer episodes and steps")
    parser.add_argument("--out", type=Path, default=Path("runs/experiments"), help="unfinished work; it goes on there")
    parser.add_argument("--results", type=Path, default=Path("docs/results"), help="folder of NAME.json and NAME.png")
    parser.add_argument("--arm", default="fr3", help="name of a file in config/arms")
    parser.add_argument("--collectors", type=int, default=2, help="processes that collect; one a core is best")
    parser.add_argument("--policy", default="default", help="of scheduling and video: 'default', or a folder")
    parser.add_argument("--clip-model", default="default", help="the CLIP that judges")


def run(arguments: argparse.Namespace) -> dict:
    """Run one experiment, write its figures and its picture, and return the figures."""
    if arguments.name not in NAMES:
        raise UserError(f"There is no experiment '{arguments.name}'. {nearest(arguments.name, NAMES)}")
    if arguments.seeds < 1:
        raise UserError(f"--seeds must be 1 or more, not {arguments.seeds}.")
    begin = time.monotonic()
    folder = arguments.out / (f"{arguments.name}-quick" if arguments.quick else arguments.name)
    experiment = importlib.import_module(f"{experiments.__name__}.{arguments.name}")
    conditions = Conditions(
        arguments.seeds,
        arguments.quick,
        arguments.arm,
        arguments.clip_model,
        arguments.policy,
        arguments.collectors,
    )
    result = experiment.run(folder, conditions)
    print(experiment.tell(result))
    result = {"quick": arguments.quick, **result, "seconds_of_this_call": round(time.monotonic() - begin)}
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"{arguments.name}.json"
    path.write_text(json.dumps(result, indent=1, default=float) + "\n")
    experiment.draw(result, path.with_suffix(".png"))
    print(f"The figures are in {path} and {path.with_suffix('.png')}.")
    return {"ok": True, **result}
