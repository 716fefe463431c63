# SPDX-License-Identifier: Apache-2.0
"""Command lines by chance: verbs and options of the parsers, with values that nobody would type."""

import argparse
import importlib
import random
from pathlib import Path

from unified_agent import cli
from unified_agent.bench.fuzzing import mutations

_QUICK = ("show", "relabel", "export", "import")
# The others would work for minutes: each gets something that it must refuse at its beginning.
_POISON = {
    "up": ["nothing:=1"],
    "say": ["--namespace", "1 2"],
    "train-planner": ["--show", "1"],
    "experiment": ["--nothing"],
    "bench": ["--only", "nothing"],
}
_UNKNOWN = ("--planner", "--arm", "--task", "--clip", "--clip-model")


def command(chance: random.Random, samples: Path, given: Path, out: Path) -> tuple[list[str], str]:
    """A command line, and how to tell it."""
    verb = chance.choice(list(cli.VERBS))
    parser = argparse.ArgumentParser()
    importlib.import_module(f"unified_agent.commands.{cli._module(verb)}").add_arguments(parser)
    argv = [verb]
    for action in parser._actions:
        if action.dest == "help" or (action.option_strings and chance.random() < 0.8):
            continue
        value = _value(action, chance, samples, given, out)
        if action.option_strings and action.nargs == 0:
            argv.append(action.option_strings[0])
        elif action.option_strings:
            argv.append(f"{action.option_strings[0]}={value}")
        elif chance.random() < 0.9:
            argv.append(value if not value.startswith("-") else f"./{value}")
    known = {option for action in parser._actions for option in action.option_strings}
    unknown = [part for option in _UNKNOWN if option in known for part in (option, "nothing")]
    argv += [] if verb in _QUICK else _POISON.get(verb, unknown)
    needs_out = verb in ("relabel", "export", "import") and chance.random() < 0.9
    argv += ["--out", str(out / "x")] if needs_out else ["--out", str(out / "x.png")] if verb == "show" else []
    if verb == "relabel":
        argv += ["--clip", str(samples / "clip"), "--device", "cpu", "--planner", "nothing"]
    return argv, " ".join(argv)[:500]


def _value(action: argparse.Action, chance: random.Random, samples: Path, given: Path, out: Path) -> str:
    if action.choices and chance.random() < 0.7:
        return str(chance.choice(list(action.choices)))
    if action.type is Path or not action.option_strings:
        if action.dest in ("out", "buffer", "runs", "frames"):
            return str(out / chance.choice(("x", "y/z", "x.png")))
        there = [str(samples / name) for name in ("bag", "sqlite", "dataset", "clip", "arm")]
        return chance.choice((*there, "/dev/null", "/proc/self", "nothing", "~nobody/x", str(given), "", "a" * 300))
    if action.type is int:
        return chance.choice(("0", "1", "2", "-1", "-9", "100000", str(2**31), str(2**63), "9" * 400, "0.5", "x"))
    if action.type is float:
        return chance.choice(("0", "1", "0.1", "-1", "nan", "inf", "-inf", "1e308", "-1e308", "1e-320", "x"))
    return str(mutations.strange(chance)).replace("/dev/zero", "/dev/null")[:400]
