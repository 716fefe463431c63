# SPDX-License-Identifier: Apache-2.0
"""``unified-agent export``: recordings as a dataset that other people's tools train on."""

import argparse
import shutil
from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import UserError

FORMATS = ("lerobot",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bags", nargs="+", type=Path, metavar="BAG", help="rosbag2 directory or file, or a folder of them"
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="lerobot: a LeRobotDataset v3.0")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the new dataset")
    parser.add_argument("--rate", type=int, help="frames a second (default: the first recording's)")
    parser.add_argument("--task", help="instruction of recordings that have none of their own")
    parser.add_argument("--robot", default="unknown", help="name of the robot, for the dataset's description")
    parser.add_argument("--only-success", action="store_true", help="leave out episodes that did not end in success")
    parser.add_argument(
        "--image-topic", action="append", default=[], metavar="TOPIC", help="to export; again for another camera"
    )


def run(arguments: argparse.Namespace) -> dict:
    """Write a dataset of all recordings that can be read, and say what could not."""
    from unified_agent.recording.reader import find_bags

    out = arguments.out
    if out.exists():
        raise UserError(f"{out} exists already: a dataset is never overwritten. Give a new folder with --out.")
    if arguments.rate is not None and arguments.rate < 1:
        raise UserError(f"--rate must be 1 frame a second or more, not {arguments.rate}.")
    bags = [bag for path in arguments.bags for bag in find_bags(path)]
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        result = _write(arguments, bags, partial)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error}") from None
    if not result["episodes"]:
        shutil.rmtree(partial, ignore_errors=True)
        raise UserError("No episode could be exported: " + "; ".join(result["failed"].values() or ["none was left"]))
    partial.rename(out)
    for bag, why in result["failed"].items():
        print(f"failed: {bag}: {why}")
    print(f"wrote {result['episodes']} episodes, {result['frames']} frames at {result['rate']} Hz: {out}")
    return {"ok": not result["failed"], "out": str(out), **result}


def _write(arguments: argparse.Namespace, bags: list[Path], folder: Path) -> dict:
    from unified_agent.recording.cameras import image_topics
    from unified_agent.recording.history import History
    from unified_agent.recording.lerobot.moments import moments, rate_of
    from unified_agent.recording.lerobot.writer import DatasetWriter, Shape
    from unified_agent.recording.reader import BagReader
    from unified_agent.recording.topics import camera_of

    writer, rate, frames = None, arguments.rate, 0
    failed: dict[str, str] = {}
    lost: dict[str, list[str]] = {}
    for bag in tqdm(bags, unit="bag", desc="export"):
        try:
            reader = BagReader(bag)
            facts = History.of(reader).facts
            if arguments.only_success and facts.result != "success":
                continue
            task = facts.instruction or arguments.task
            if not task:
                raise UserError("it has no instruction: give one with --task")
            topics = image_topics(reader, tuple(arguments.image_topic))
            rate = rate or rate_of(reader, topics)
            if writer is None:
                first = next(moments(reader, topics, rate), None)
                if first is None:
                    raise UserError("it has no moment with frames of all cameras and joint states")
                writer = DatasetWriter(folder, rate, Shape.of(first, map(camera_of, topics)), arguments.robot)
            frames += writer.add(moments(reader, topics, rate), task)
        except UserError as error:
            failed[str(bag)] = str(error)
        else:
            if reader.losses:
                lost[str(bag)] = reader.losses
    if writer is not None:
        writer.close()
    return {
        "episodes": 0 if writer is None else writer.episodes,
        "frames": frames,
        "rate": rate,
        "failed": failed,
        "lost": lost,
    }
