# SPDX-License-Identifier: Apache-2.0
"""``unified-agent experiment``: the results of the Unified Agent paper, made again."""

import argparse
import importlib
import json
import time
from pathlib import Path
from types import ModuleType

from unified_agent import experiments
from unified_agent.documents import BadDocument, json_of, mapping, read_text
from unified_agent.errors import UserError, in_range
from unified_agent.experiments import NAMES, Conditions
from unified_agent.folders import write_whole


class _ExperimentParser(argparse.ArgumentParser):
    """The parser of one experiment: its module is imported, for its own options, only when it is chosen."""

    experiment = ""

    def parse_known_args(self, args=None, namespace=None):
        if self.experiment:
            module, common = _module(self.experiment), {action.dest for action in self._actions}
            if hasattr(module, "add_arguments"):
                module.add_arguments(self)
            own = [action.dest for action in self._actions if action.dest not in common]
            self.set_defaults(seeds=getattr(module, "SEEDS", experiments.SEEDS), own=own)
            self.experiment = ""
        return super().parse_known_args(args, namespace)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the experiments, each with the options of all and its own."""
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True, parser_class=_ExperimentParser)
    for name, what in NAMES.items():
        sub = names.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        sub.experiment = name
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as before the name")
        _add_common(sub)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, help="runs of each learner, of seeds 0, 1, ... (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="fewer episodes and steps")
    parser.add_argument("--out", type=Path, default=Path("runs/experiments"), help="unfinished work; it goes on there")
    parser.add_argument("--results", type=Path, default=Path("docs/results"), help="folder of NAME.json and NAME.png")
    parser.add_argument("--arm", default="default", help="name of a file in config/arms")
    parser.add_argument("--collectors", type=int, default=2, help="processes that collect; one a core is best")
    parser.add_argument("--policy", default="default", help="of scheduling and video: 'default', or a folder")
    parser.add_argument("--clip-model", default="default", help="the CLIP that judges")


def run(arguments: argparse.Namespace) -> dict:
    """Run one experiment, write its figures and its picture, and return the figures."""
    in_range("--seeds", arguments.seeds, 1, 10_000)
    from unified_agent.robot.arm import Arm
    from unified_agent.training.policy.crew import check_collectors
    from unified_agent.training.runs import arm_identity, claim

    check_collectors(arguments.collectors)
    begin = time.monotonic()
    folder = arguments.out / (f"{arguments.name}-quick" if arguments.quick else arguments.name)
    experiment = _module(arguments.name)
    options = {name: _plain(getattr(arguments, name)) for name in arguments.own}
    conditions = Conditions(
        arguments.seeds,
        arguments.quick,
        arguments.arm,
        arguments.clip_model,
        arguments.policy,
        arguments.collectors,
        options,
    )
    path = arguments.results / f"{arguments.name}.json"
    _refuse_what_is_not_ours(path)
    made_with = {"quick": conditions.quick, "arm": arm_identity(Arm.load(conditions.arm)), **options}
    if hasattr(experiment, "made_with"):
        made_with |= experiment.made_with(conditions)
    with claim(folder, f"experiment '{arguments.name}'", made_with) as own:
        result = experiment.run(own.path, conditions)
        made_with = own.settings
    print(experiment.tell(result))
    seconds = round(time.monotonic() - begin)
    result = {"quick": arguments.quick, "made_with": made_with, **result, "seconds_of_this_call": seconds}
    write_whole(path, json.dumps(result, indent=1, default=float) + "\n")
    experiment.draw(result, path.with_suffix(".png"))
    print(f"The figures are in {path} and {path.with_suffix('.png')}.")
    return {"ok": True, **result}


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{experiments.__name__}.{name}")


def _plain(value):
    """An option's value as JSON can hold it."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


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
