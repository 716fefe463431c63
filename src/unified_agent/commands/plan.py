# SPDX-License-Identifier: Apache-2.0
"""``unified-agent plan``: the plan for an instruction, or a planner's figures on a file of them."""

import argparse
from pathlib import Path

from unified_agent.device import DEVICES
from unified_agent.errors import UserError
from unified_agent.language.planner import Planner
from unified_agent.language.refusal import Refusal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("instruction", nargs="?", help="what should be done, in your own words")
    parser.add_argument(
        "--planner", default="smollm2", help="smollm2 (default), smollm2-untuned or hf:<model id or folder>[@revision]"
    )
    parser.add_argument("--device", default="cpu", choices=DEVICES, help="where to compute (default: cpu)")
    parser.add_argument(
        "--evaluate", type=Path, metavar="FILE", help="YAML file of instructions with the right answers"
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=["grammar", "check"],
        help="with --evaluate: leave a piece out",
    )
    parser.add_argument("--errors", action="store_true", help="with --evaluate: print what was answered wrong")


def run(args: argparse.Namespace) -> dict:
    if (args.instruction is None) == (args.evaluate is None):
        raise UserError('Give either an instruction in quotes ("stack red on blue") or --evaluate FILE.')
    if args.evaluate:
        return _evaluate(args)
    planner = Planner.load(args.planner, args.device)
    try:
        plan = planner.plan(args.instruction)
    except Refusal as refusal:
        print(refusal)
        return {"ok": False, "reason": refusal.reason, "message": str(refusal)}
    print(plan)
    return {"ok": True, "plan": [goal.sentence for goal in plan.subgoals]}


def _evaluate(args: argparse.Namespace) -> dict:
    from unified_agent.language import backends
    from unified_agent.training.planner.evaluate_planner import Answers, evaluate

    def show(verdict) -> None:
        if args.errors and not verdict.right:
            print(
                f"{verdict.instruction!r}\n  expected {verdict.expected!r}\n  answered {verdict.answer!r}", flush=True
            )

    answers = Answers.read(args.evaluate)
    backend = backends.load(args.planner, args.device)
    figures = evaluate(backend, answers, "grammar" not in args.without, "check" not in args.without, show)
    print(f"exact plans: {figures['plans']:.1%} of {len(answers.plans)}")
    print(f"refusals:    {figures['refusals']:.1%} of {len(answers.refusals)}")
    print(f"an answer:   {figures['seconds_median']:.2f} s (median), {figures['seconds_worst']:.2f} s (worst)")
    return {"ok": True, **figures}
