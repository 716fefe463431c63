# SPDX-License-Identifier: Apache-2.0
"""``unified-agent import``: a dataset of other people's as recordings."""

import argparse
import hashlib
from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import UserError

KIND = "import"
# The episode that is being written.
_PARTIAL = ".partial"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder of a LeRobot dataset (v3.0, v2.1, v2.0)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the recordings")
    parser.add_argument("--episodes", type=int, metavar="N", help="the first so many (default: all)")


def run(arguments: argparse.Namespace) -> dict:
    """Write a rosbag2 directory for every episode; those that are there already are left as they are."""
    from unified_agent.folders import OwnFolder, refuse_overlap
    from unified_agent.recording.lerobot import layout
    from unified_agent.recording.lerobot.reader import DatasetReader

    if arguments.episodes is not None and arguments.episodes < 1:
        raise UserError(f"--episodes must be 1 or more, not {arguments.episodes}.")
    dataset = DatasetReader(arguments.dataset)
    count = len(dataset) if arguments.episodes is None else min(arguments.episodes, len(dataset))
    if count < 1:
        raise UserError(f"{arguments.dataset} has no episodes: there is nothing to import.")
    refuse_overlap(arguments.out, [arguments.dataset])
    described = hashlib.sha256((arguments.dataset / layout.INFO).read_bytes()).hexdigest()
    settings = {"dataset": str(arguments.dataset.resolve()), "SHA-256 of meta/info.json": described}
    with OwnFolder.claim(arguments.out, KIND, settings, sources=[arguments.dataset]) as folder:
        try:
            written, failed = _write(dataset, count, folder)
        except OSError as error:
            raise UserError(
                f"{arguments.out} cannot be written: {error}. Whole episodes are kept: make room, then give the same "
                "command."
            ) from None
        there = count - len(written) - len(failed)
        if not there and not written:
            folder.dissolve()
    for line in dataset.told:
        print(f"told: {line}")
    for why in failed.values():
        print(f"failed: {why}")
    print(f"wrote {len(written)} recordings to {arguments.out}; {there} were there already")
    return {"ok": not failed, "written": written, "failed": failed, "told": dataset.told}


def _write(dataset, count: int, folder) -> tuple[list[str], dict[int, str]]:
    """The recordings written, and by episode why one was not."""
    from unified_agent.recording.lerobot.reader import NoDataset
    from unified_agent.recording.lerobot.to_bag import to_bag

    written, failed = [], {}
    for number in tqdm(range(count), unit="episode", desc="import"):
        name = f"episode_{dataset.index(number):03d}"
        if (folder.path / name).exists() and folder.owns(name):
            continue
        if folder.owns(_PARTIAL):
            folder.remove(_PARTIAL)
        workshop = folder.place(_PARTIAL) / name
        try:
            to_bag(dataset, number, workshop)
        except NoDataset as error:
            failed[dataset.index(number)] = str(error)
        else:
            workshop.rename(folder.place(name))
            written.append(str(folder.path / name))
    if folder.owns(_PARTIAL):
        folder.remove(_PARTIAL)
    return written, failed
