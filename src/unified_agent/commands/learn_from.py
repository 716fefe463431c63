# SPDX-License-Identifier: Apache-2.0
"""``unified-agent learn-from``: a policy from recordings alone."""

import argparse
import shlex
import sys
import time
from collections import Counter
from pathlib import Path

from unified_agent.device import DEVICES
from unified_agent.errors import UserError

TOLD = 10
"""Reasons that are told on the console; the list of recordings has all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "recordings",
        nargs="+",
        type=Path,
        metavar="RECORDING_OR_DATASET",
        help="rosbag2 directory or file, a LeRobot dataset, or a folder of them",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder; an unfinished run there goes on"
    )
    parser.add_argument(
        "--sentence", action="append", default=[], help="learn this sub-goal only; again for another; default: all"
    )
    parser.add_argument(
        "--arm", default="default", help="the arm that was recorded: a name in config/arms, or a YAML file"
    )
    parser.add_argument(
        "--joint",
        action="append",
        default=[],
        metavar="OURS=THEIRS",
        help="the recordings' name of a joint of the arm; again for another",
    )
    parser.add_argument("--state-topic", default="", metavar="TOPIC", help="of the measured joints; /joint_states")
    parser.add_argument("--objects-topic", default="/objects", metavar="TOPIC", help="of the objects' markers")
    parser.add_argument(
        "--image-topic", action="append", default=[], metavar="TOPIC", help="to look at; again for another camera"
    )
    parser.add_argument("--tolerance", type=float, default=0.1, help="seconds between frames of one moment, at most")
    parser.add_argument("--clip", default="default", metavar="MODEL", help="CLIP: as 'clip_model' of the captioner")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="where CLIP computes")
    parser.add_argument("--steps", type=int, default=6_000, help="gradient steps")
    parser.add_argument("--seed", type=int, default=0)


def run(arguments: argparse.Namespace) -> dict:
    """Read, learn, and return the figures; not ok where nothing could be learnt."""
    import torch

    from unified_agent.training.policy.bag_experience import Eyes
    from unified_agent.training.policy.from_recordings import (
        LIST,
        PICTURE,
        POLICY,
        FromRecordings,
        TeachingSettings,
    )
    from unified_agent.training.policy.recorded import Names
    from unified_agent.training.policy.sources import find_sources
    from unified_agent.vision.clip import Clip

    begin = time.monotonic()
    names = Names(
        arguments.state_topic,
        arguments.objects_topic,
        tuple(arguments.image_topic),
        _joints(arguments.joint),
        arguments.tolerance,
    )
    settings = TeachingSettings(
        arguments.arm, tuple(arguments.sentence), steps=arguments.steps, seed=arguments.seed, names=names
    )
    sources = find_sources(arguments.recordings)
    # Networks this small gain nothing from more, and the result would not be the same on another machine.
    torch.set_num_threads(1)
    eyes = Eyes(Clip.load(arguments.clip, arguments.device))
    command = "unified-agent " + shlex.join(sys.argv[1:])
    with FromRecordings(settings, sources, eyes, arguments.out, command) as teaching:
        accounts = teaching.read()
        left_out = {account.name: account.left_out for account in accounts if account.left_out}
        result = {
            "out": str(arguments.out),
            "recordings": len(accounts),
            "used": len(accounts) - len(left_out),
            "left_out": left_out,
        }
        print(f"{result['used']} of {len(accounts)} recordings gave demonstrations; all are listed in {LIST}.")
        for line in _reasons(left_out):
            print(line)
        notes = sum(len(account.notes) for account in accounts if not account.left_out)
        if notes:
            print(f"  In those used, {notes} things could not be used: see 'notes' in {LIST}.")
        if not result["used"]:
            print("Nothing was learnt: no recording gave a demonstration.")
            return {"ok": False, **result}
        card = teaching.train(accounts)
    for sentence, count in card["demonstrations"].items():
        print(f"  {sentence:45} {count:6} demonstrations")
    if untaught := [sentence for sentence, count in card["demonstrations"].items() if not count]:
        print(f"Not learnt, for nothing showed it: {'; '.join(untaught)}.")
    where = arguments.out / POLICY
    print(f"The policy is in {where} (demonstrations drawn in {arguments.out / PICTURE}): use it with policy:={where},")
    print(f"measure it with: unified-agent eval --policy {where}")
    seconds = round(time.monotonic() - begin, 1)
    return {"ok": True, **result, "demonstrations": card["demonstrations"], "policy": str(where), "seconds": seconds}


def _reasons(left_out: dict[str, str]) -> list[str]:
    """Why recordings gave nothing, the commonest reasons first, each with one of the recordings."""
    reasons = Counter(left_out.values()).most_common()
    examples = {why: name for name, why in reversed(left_out.items())}
    lines = [f"  left out {count}, such as {examples[why]}: {why}" for why, count in reasons[:TOLD]]
    rest = sum(count for _, count in reasons[TOLD:])
    return [*lines, *([f"  left out {rest} more, for {len(reasons) - TOLD} other reasons"] if rest else [])]


def _joints(pairs: list[str]) -> dict[str, str]:
    joints = {}
    for pair in pairs:
        ours, separator, theirs = (part.strip() for part in pair.partition("="))
        if not (ours and separator and theirs):
            raise UserError(f"--joint is OURS=THEIRS (joint1=panda_joint1), not '{pair}'.")
        if ours in joints:
            raise UserError(f"--joint names '{ours}' twice.")
        joints[ours] = theirs
    return joints
