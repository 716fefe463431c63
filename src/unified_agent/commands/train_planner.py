# SPDX-License-Identifier: Apache-2.0
"""``unified-agent train-planner``: make the adapter that turns SmolLM2 into the planner."""

import argparse
from pathlib import Path

from unified_agent.errors import SEEDS, in_range


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/train-planner"),
        help="folder of the adapter and the progress (default: runs/train-planner)",
    )
    parser.add_argument(
        "--examples", type=int, default=40_000, help="how many generated examples are seen (default: 40000)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start-from", type=Path, metavar="FOLDER", help="go on from this adapter with a new schedule")
    parser.add_argument("--afresh", action="store_true", help="do not resume what --out holds")
    parser.add_argument(
        "--evaluate", type=Path, metavar="FILE", help="YAML file of instructions to measure on while training"
    )
    parser.add_argument(
        "--average", type=Path, nargs="+", metavar="FOLDER", help="write the mean of these adapters to --out and stop"
    )
    parser.add_argument("--show", type=int, metavar="N", help="print N examples of the generator and stop")


def run(args: argparse.Namespace) -> dict:
    in_range("--seed", args.seed, 0, SEEDS)
    if args.show is not None:
        in_range("--show", args.show, 1, 1_000_000)
        return _show(args)
    from unified_agent.training.planner.train_planner import PlannerSettings, average, exact_shares, train

    if args.average:
        return {"ok": True, **average(args.average, args.out)}
    settings = PlannerSettings(examples=args.examples, seed=args.seed)
    measure = exact_shares(args.evaluate) if args.evaluate else None
    card = train(settings, args.out, resume=not args.afresh, start_from=args.start_from, evaluate=measure)
    print(f"The adapter is in {args.out}.")
    return {"ok": True, **card}


def _show(args: argparse.Namespace) -> dict:
    import random

    from unified_agent.training.planner.wordings import example

    rng = random.Random(args.seed)
    for _ in range(args.show):
        item = example(rng)
        print(f"{item.moves or 'refused: ' + item.reason:28} {item.instruction}")
    return {"ok": True}
