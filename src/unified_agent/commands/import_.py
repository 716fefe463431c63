# SPDX-License-Identifier: Apache-2.0
"""``unified-agent import``: a dataset of other people's as recordings."""

import argparse
import shutil
from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder of a LeRobotDataset v3.0")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the recordings")
    parser.add_argument("--episodes", type=int, metavar="N", help="the first so many (default: all)")


def run(arguments: argparse.Namespace) -> dict:
    """Write a rosbag2 directory for every episode; those that are there already are left as they are."""
    from unified_agent.recording.lerobot.reader import DatasetReader, NoDataset
    from unified_agent.recording.lerobot.to_bag import to_bag

    dataset = DatasetReader(arguments.dataset)
    count = len(dataset) if arguments.episodes is None else min(arguments.episodes, len(dataset))
    if count < 1:
        raise UserError(f"{arguments.dataset} has {len(dataset)} episodes: there is nothing to import.")
    written, failed = [], {}
    workshop = arguments.out / ".partial"
    for number in tqdm(range(count), unit="episode", desc="import"):
        folder = arguments.out / f"episode_{number:03d}"
        if folder.exists():
            continue
        shutil.rmtree(workshop, ignore_errors=True)
        try:
            to_bag(dataset, number, workshop / folder.name)
        except NoDataset as error:
            failed[number] = str(error)
        except OSError as error:
            raise UserError(f"{folder} cannot be written: {error}") from None
        else:
            (workshop / folder.name).rename(folder)
            written.append(str(folder))
    shutil.rmtree(workshop, ignore_errors=True)
    for why in failed.values():
        print(f"failed: {why}")
    print(
        f"wrote {len(written)} recordings to {arguments.out}; {count - len(written) - len(failed)} were there already"
    )
    return {"ok": not failed, "written": written, "failed": failed}
