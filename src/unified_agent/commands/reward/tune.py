# SPDX-License-Identifier: Apache-2.0
"""``unified-agent reward tune``: which wording, baseline and alpha, from a few labelled views."""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

from unified_agent.commands.reward.options import add_clip, add_sentences
from unified_agent.errors import UserError, in_range

PICTURE, TABLE, FIGURES = "tuning.png", "tuning.csv", "tuning.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-verb's arguments."""
    parser.add_argument(
        "bags", nargs="*", type=Path, metavar="BAG", help="rosbag2 directory or file, or a folder of them"
    )
    add_sentences(parser)
    parser.add_argument(
        "--alpha", action="append", type=float, default=[], help="to try; again for another (0, 0.1, ..., 1)"
    )
    parser.add_argument(
        "--marks",
        type=Path,
        metavar="FILE",
        help="CSV of when it was true in the recordings, as 'calibrate' takes it (in 'true': yes, no or near); "
        "without it, their own sub-goals tell",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="PATH",
        help="instead of recordings: a folder of the folders 1, 0 and near, or a CSV: image,label (and distance)",
    )
    parser.add_argument(
        "--sentence", default="", help="what the marks, or the sub-goals, call the goal (the first --goal)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the picture, table and figures")
    add_clip(parser)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of CLIP (%(default)s)")
    parser.add_argument(
        "--image-topic", action="append", default=[], metavar="TOPIC", help="to look at; again for another camera"
    )
    parser.add_argument("--tolerance", type=float, default=0.1, help="seconds between frames of one moment, at most")
    parser.add_argument(
        "--slack", type=float, default=0.3, help="seconds about the begin and end of a mark that do not count"
    )


def run(arguments: argparse.Namespace) -> dict:
    """Reward every labelled view by every candidate, say which to take, and draw them all."""
    import torch
    from tqdm import tqdm

    from unified_agent.training.reward import tuning_report
    from unified_agent.training.reward.tuning import ALPHAS, Sweep
    from unified_agent.training.runs import claim
    from unified_agent.vision.clip import Clip

    if bool(arguments.bags) == bool(arguments.pictures):
        raise UserError("Expected recordings, or labelled pictures with --pictures: one of both.")
    for name, value in (("--slack", arguments.slack), ("--tolerance", arguments.tolerance)):
        in_range(name, value, 0.0, 60.0)
    in_range("--threads", arguments.threads, 1, 1024)
    torch.set_num_threads(arguments.threads)
    told: list[str] = []
    total, views = _pictures(arguments, told) if arguments.pictures else _recordings(arguments, told)
    clip = Clip.load(arguments.clip, arguments.device)
    sweep = Sweep(clip, arguments.goal, arguments.baseline, arguments.alpha or ALPHAS)
    begin = time.monotonic()
    settings = {"goal": arguments.goal, "baseline": arguments.baseline, "alphas": sweep.alphas}
    sources = [arguments.pictures] if arguments.pictures else arguments.bags
    with claim(arguments.out, "tuning of a reward", settings, sources=sources) as own:
        found = sweep.judge(tqdm(views, desc="views", unit="view", total=total))
        result = tuning_report.summary(sweep, found)
        result = {"ok": result["take"]["auc"] >= tuning_report.SEPARABLE, "clip": clip.fingerprint, **result}
        result["doubts"] += told
        print(tuning_report.tell(result))
        own.write(FIGURES, json.dumps(result, indent=1) + "\n")
        own.write(TABLE, tuning_report.table(result))
        tuning_report.draw(result, own.place(PICTURE))
    seconds = round(time.monotonic() - begin, 1)
    print(f"{len(found.truth)} views by {len(result['candidates'])} candidates in {seconds:g} s, all of them in")
    print(f"{own.path / PICTURE}, {TABLE} and {FIGURES} beside it.")
    return {**result, "out": str(own.path), "seconds": seconds}


def _pictures(arguments: argparse.Namespace, told: list[str]) -> tuple[int, Iterator]:
    from unified_agent.training.reward.labelled_pictures import labelled_pictures, views_of

    pictures = labelled_pictures(arguments.pictures)

    def views() -> Iterator:
        unreadable: list[Path] = []
        yield from views_of(pictures, unreadable)
        if unreadable:
            told.append(f"{len(unreadable)} files hold no picture, such as {unreadable[0]}.")

    return len(pictures), views()


def _recordings(arguments: argparse.Namespace, told: list[str]) -> tuple[None, Iterator]:
    from unified_agent.recording.copies import without_copies
    from unified_agent.recording.reader import find_bags
    from unified_agent.training.reward.evidence import Cameras, marks_of, recorded_views

    bags, copies = without_copies(find_bags(*arguments.bags), arguments.bags)
    if copies:
        print(f"left out: {len(copies)} labelled copies among the recordings")
    sentence = arguments.sentence or arguments.goal[0]
    marks = marks_of(arguments.marks, sentence, bags) if arguments.marks else None
    cameras = Cameras(tuple(arguments.image_topic), arguments.tolerance)

    def views() -> Iterator:
        left_out = []
        for view in recorded_views(bags, sentence, marks, cameras, arguments.slack):
            if isinstance(view, str):
                left_out.append(view)
                continue
            yield view
        if left_out:
            told.append(f"{len(left_out)} of {len(bags)} recordings are left out, the first: {left_out[0]}")
        if marks is None:
            told.append(
                "when the sub-goal was reached, a CLIP said: the figures say how far these words agree with it, not "
                "how right it was. A person's marks (--marks) would."
            )

    return None, views()
