# SPDX-License-Identifier: Apache-2.0
"""``unified-agent experiment``: the results of the Unified Agent paper, made again."""

import argparse
import json
import time
from pathlib import Path

from unified_agent.errors import UserError, nearest
from unified_agent.learning.experiments import NAMES


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
    result, draw = _EXPERIMENTS[arguments.name](arguments, folder)
    result = {"quick": arguments.quick, **result, "seconds_of_this_call": round(time.monotonic() - begin)}
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"{arguments.name}.json"
    path.write_text(json.dumps(result, indent=1, default=float) + "\n")
    draw(result, path.with_suffix(".png"))
    print(f"The figures are in {path} and {path.with_suffix('.png')}.")
    return {"ok": True, **result}


def _scheduling(arguments: argparse.Namespace, folder: Path):
    from unified_agent.learning.experiments import scheduling

    result = scheduling.run(
        folder, arguments.policy, arguments.clip_model, arguments.arm, seed=20_000, quick=arguments.quick
    )
    for row in result["rows"]:
        print(f"  {row['success']:3} of {row['episodes']:3}  {row['said']}")
    print(f"{result['success']:.1%} of {result['episodes']} episodes; failed because of {result['failed_because_of']}")
    return result, scheduling.draw


def _exploration(arguments: argparse.Namespace, folder: Path):
    from unified_agent.learning.experiments import exploration

    result = exploration.run(
        folder, arguments.seeds, arguments.quick, arguments.arm, arguments.clip_model, arguments.collectors
    )
    for task, by_learner in result["steps_to"].items():
        for learner, steps in by_learner.items():
            print(f"  {task:30} {learner:20} actions to {steps}")
    print(f"sparseness {result['sparseness']}, slope {result['slope']}")
    return result, exploration.draw


def _reuse(arguments: argparse.Namespace, folder: Path):
    from unified_agent.learning.experiments import reuse

    result = reuse.run(
        folder, arguments.seeds, arguments.quick, arguments.arm, arguments.clip_model, arguments.collectors
    )
    for kind, by_task in result["steps_to"].items():
        print(f"  {kind}: actions to {result['rate']:.0%} success: {by_task}")
    return result, reuse.draw


def _video(arguments: argparse.Namespace, folder: Path):
    from unified_agent.learning.experiments import video

    result = video.run(
        folder, arguments.policy, arguments.clip_model, arguments.arm, seed=30_000, quick=arguments.quick
    )
    print(f"{result['videos']} videos: list right {result['right_list']:.1%}, done again {result['done_again']:.1%}")
    return result, video.draw


_EXPERIMENTS = {"exploration": _exploration, "reuse": _reuse, "scheduling": _scheduling, "video": _video}
