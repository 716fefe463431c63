# SPDX-License-Identifier: Apache-2.0
"""``unified-agent experiment``: the results of the Unified Agent paper, made again."""

import argparse
import importlib
import json
import time
from pathlib import Path

from unified_agent import experiments
from unified_agent.documents import BadDocument, json_of, mapping, read_text
from unified_agent.errors import UserError, in_range, nearest
from unified_agent.experiments import NAMES, Conditions
from unified_agent.folders import write_whole


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
    in_range("--seeds", arguments.seeds, 1, 10_000)
    from unified_agent.training.policy.crew import check_collectors
    from unified_agent.training.runs import claim

    check_collectors(arguments.collectors)
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
    path = arguments.results / f"{arguments.name}.json"
    _refuse_what_is_not_ours(path)
    with claim(folder, f"experiment '{arguments.name}'", _made_with(conditions)) as own:
        result = experiment.run(own.path, conditions)
        made_with = own.settings
    print(experiment.tell(result))
    seconds = round(time.monotonic() - begin)
    result = {"quick": arguments.quick, "made_with": made_with, **result, "seconds_of_this_call": seconds}
    write_whole(path, json.dumps(result, indent=1, default=float) + "\n")
    experiment.draw(result, path.with_suffix(".png"))
    print(f"The figures are in {path} and {path.with_suffix('.png')}.")
    return {"ok": True, **result}


def _made_with(conditions: Conditions) -> dict:
    """Everything that a part of the experiment depends on, whichever it is."""
    from unified_agent.language.subgoals import SENTENCES
    from unified_agent.policy.checkpoint import Policy
    from unified_agent.robot.arm import Arm
    from unified_agent.training.runs import arm_identity, weights_identity
    from unified_agent.vision.clip import Clip
    from unified_agent.vision.detector import Detector

    clip = Clip.load(conditions.clip, "cpu")
    return {
        "quick": conditions.quick,
        "arm": arm_identity(Arm.load(conditions.arm)),
        "clip": clip.fingerprint,
        "thresholds": Detector(clip, SENTENCES).thresholds.tolist(),
        "policy": weights_identity(Policy.load(conditions.policy, "cpu").network.state_dict()),
    }


def _refuse_what_is_not_ours(path: Path) -> None:
    """The figures of an earlier call are written over, and nothing else."""
    figure = path.with_suffix(".png")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--results {path.parent} cannot be a folder: {error.strerror or error}.") from None
    if not path.exists() and not figure.exists():
        return
    try:
        ours = "seconds_of_this_call" in mapping(json_of(read_text(path), str(path)), str(path))
    except BadDocument:
        ours = False
    if not ours:
        there = path if path.exists() else figure
        raise UserError(f"{there} is there and holds no figures of an experiment: give another --results.")
