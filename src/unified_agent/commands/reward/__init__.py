# SPDX-License-Identifier: Apache-2.0
"""``unified-agent reward``: one sentence as the whole reward. One file a sub-verb."""

import argparse
import importlib

SUBVERBS = {
    "score": "a reward for every frame of recordings",
    "tune": "which wording, and which alpha, tells success best",
    "train": "learn a policy from the reward alone, in any Gymnasium environment that renders",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-verbs, each with its own arguments."""
    subverbs = parser.add_subparsers(dest="subverb", metavar="SUBVERB", required=True)
    for name, text in SUBVERBS.items():
        sub = subverbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as before the sub-verb")
        _module(name).add_arguments(sub)


def run(arguments: argparse.Namespace) -> dict:
    """Run a sub-verb."""
    return _module(arguments.subverb).run(arguments)


def _module(name: str):
    return importlib.import_module(f"{__name__}.{name}")
