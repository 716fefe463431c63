# SPDX-License-Identifier: Apache-2.0
"""What the sub-verbs have in common: which sentences, and which CLIP."""

import argparse

from unified_agent.device import DEVICES


def add_sentences(parser: argparse.ArgumentParser) -> None:
    """The options that say what is wanted, in words."""
    parser.add_argument(
        "--goal", action="append", required=True, metavar="SENTENCE", help="what is wanted; again: another wording"
    )
    parser.add_argument(
        "--baseline", action="append", default=[], metavar="SENTENCE", help="the scene without it; again: as --goal"
    )


def add_goal(parser: argparse.ArgumentParser) -> None:
    """The options that say what is wanted, and how far the baseline counts."""
    add_sentences(parser)
    parser.add_argument("--alpha", type=float, default=0.0, help="goal-baseline regularization, 0 to 1 (%(default)s)")


def add_conjunction(parser: argparse.ArgumentParser) -> None:
    """What must hold besides the goal."""
    parser.add_argument(
        "--and",
        action="append",
        default=[],
        dest="others",
        metavar="SENTENCE",
        help="what must hold besides; again: a third",
    )
    parser.add_argument(
        "--join", default="product", help="of what must hold together: product or minimum (%(default)s)"
    )


def add_clip(parser: argparse.ArgumentParser) -> None:
    """The options that say who looks."""
    parser.add_argument("--clip", default="default", metavar="MODEL", help="CLIP: as 'clip_model' of the captioner")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="where CLIP computes (%(default)s)")


def goal(arguments: argparse.Namespace):
    """The `Goal` of parsed options."""
    from unified_agent.vision.reward import Goal

    return Goal(tuple(arguments.goal), tuple(arguments.baseline), arguments.alpha)


def goals(arguments: argparse.Namespace):
    """That `goal` and what must hold besides, each with the same baselines and alpha."""
    from unified_agent.vision.reward import Goal

    others = (Goal((other,), tuple(arguments.baseline), arguments.alpha) for other in arguments.others)
    return (goal(arguments), *others)
