# SPDX-License-Identifier: Apache-2.0
"""``unified-agent calibrate``: thresholds for any CLIP, from a few moments that a person marked in recordings."""

import argparse
import json
from pathlib import Path

from unified_agent.device import DEVICES
from unified_agent.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "bags", nargs="+", type=Path, metavar="BAG", help="rosbag2 directory or file, or a folder of them"
    )
    parser.add_argument(
        "--marks",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV: recording,sentence,from,to (seconds from its start; or from_stamp,to_stamp) and, if need be, true",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="thresholds: .yaml, or .json for a model's card"
    )
    parser.add_argument("--clip", default="default", metavar="MODEL", help="CLIP: as 'clip_model' of the captioner")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="where CLIP computes")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of CLIP")
    parser.add_argument(
        "--image-topic", action="append", default=[], metavar="TOPIC", help="to score; again for another camera"
    )
    parser.add_argument("--tolerance", type=float, default=0.1, help="seconds between frames of one moment, at most")
    parser.add_argument(
        "--slack", type=float, default=0.3, help="seconds about the begin and end of a mark that do not count"
    )


def run(arguments: argparse.Namespace) -> dict:
    """Score the marked moments, choose a threshold for each sentence, and write them."""
    from unified_agent.recording.copies import without_copies
    from unified_agent.recording.reader import find_bags
    from unified_agent.training.eyes.marks import means, read_marks

    for name, value in (("--slack", arguments.slack), ("--tolerance", arguments.tolerance)):
        if not 0.0 <= value <= 60.0:
            raise UserError(f"{name} lies in [0, 60] seconds, not {value}.")
    if arguments.out.suffix not in (".yaml", ".yml", ".json"):
        raise UserError(f"--out ends in .yaml, or in .json for a card, not '{arguments.out.name}'.")
    if not arguments.out.parent.is_dir():
        raise UserError(f"The folder of {arguments.out} is not there: make it first.")
    if arguments.out.exists():
        raise UserError(f"{arguments.out} is there already: give another file with --out, or take it away.")
    marks = read_marks(arguments.marks)
    if not marks:
        raise UserError(f"{arguments.marks} has no marks: expected a line for each time at which a sentence was true.")
    bags, copies = without_copies(find_bags(*arguments.bags), arguments.bags)
    if copies:
        print(f"left out: {len(copies)} labelled copies among the recordings")
    if unmarked := sum(not any(means(mark, bag) for mark in marks) for bag in bags):
        print(f"{unmarked} of {len(bags)} recordings have no marks and are not looked at.")
    return _write(*_look(arguments, bags, marks), arguments)


def _look(arguments: argparse.Namespace, bags: list[Path], marks: list) -> tuple[list, int]:
    """A `Calibration` for each sentence, and how many moments were scored."""
    import torch

    from unified_agent.training.eyes.from_marks import from_scores, marked_scores
    from unified_agent.vision.clip import Clip
    from unified_agent.vision.detector import Detector

    torch.set_num_threads(max(1, arguments.threads))
    clip = Clip.load(arguments.clip, arguments.device)
    detector = Detector(clip, list(dict.fromkeys(mark.sentence for mark in marks)))
    topics = tuple(arguments.image_topic)
    scores, truth = marked_scores(bags, marks, detector, topics, arguments.tolerance, arguments.slack)
    columns = zip(detector.sentences, scores.T, truth.T, strict=True)
    return [from_scores(sentence, *column) for sentence, *column in columns], len(scores)


def _write(found: list, moments: int, arguments: argparse.Namespace) -> dict:
    from unified_agent.training.eyes.from_marks import told, written

    for one in found:
        if one.threshold is None:
            print(f"  {one.sentence}: no threshold, because {one.why}")
        else:
            print(f"  {one.sentence}: {one.threshold:.4f} ({told(one)})")
    thresholds = {one.sentence: one.threshold for one in found if one.threshold is not None}
    result = {"ok": len(thresholds) == len(found), "thresholds": thresholds, "moments": moments}
    if not thresholds:
        print("Nothing was written: mark more moments, or try another CLIP.")
        return result
    card = json.dumps({"thresholds": thresholds}, indent=2) + "\n"
    arguments.out.write_text(card if arguments.out.suffix == ".json" else written(found, arguments.clip))
    print(f"{len(thresholds)} of {len(found)} thresholds -> {arguments.out}")
    return {**result, "out": str(arguments.out)}
