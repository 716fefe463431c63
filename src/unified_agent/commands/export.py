# SPDX-License-Identifier: Apache-2.0
"""``unified-agent export``: recordings as a dataset that other people's tools train on."""

import argparse
import json
import shutil
from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import UserError

FORMATS = ("lerobot",)
# Of an unfinished dataset, in its folder.
PROGRESS = "progress.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
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
    bags = list(dict.fromkeys(bag for path in arguments.bags for bag in find_bags(path)))
    partial = out.with_name(f"{out.name}.partial")
    try:
        export = _Export(arguments, partial)
        export.run(bags)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error}") from None
    found = export.found
    if not export.episodes:
        shutil.rmtree(partial, ignore_errors=True)
        raise UserError("No episode could be exported: " + "; ".join(found["failed"].values() or ["none was left"]))
    (partial / PROGRESS).unlink()
    partial.rename(out)
    for bag, why in found["failed"].items():
        print(f"failed: {bag}: {why}")
    for bag, losses in found["lost"].items():
        print(f"lost: {bag}: {'; '.join(dict.fromkeys(losses))}")
    print(f"wrote {export.episodes} episodes, {found['frames']} frames at {export.rate} Hz: {out}")
    return {
        "ok": not found["failed"],
        "out": str(out),
        "episodes": export.episodes,
        "rate": export.rate,
        **{name: found[name] for name in ("frames", "failed", "lost")},
    }


class _Export:
    """Writes episode after episode; where it was stopped, it goes on after the last whole one.

    Attributes:
        rate: frames a second; None until the first recording has told.
        found: ``done`` recordings, ``frames``, and by recording why it ``failed`` or what of it was ``lost``.
    """

    def __init__(self, arguments: argparse.Namespace, folder: Path):
        self._arguments, self._folder = arguments, folder
        self._asked = {
            name: getattr(arguments, name) for name in ("rate", "task", "robot", "only_success", "image_topic")
        }
        self.rate: int | None = arguments.rate
        self.found: dict = {"done": [], "frames": 0, "failed": {}, "lost": {}}
        self._writer = None
        if not self._resumed():
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def episodes(self) -> int:
        """Written so far."""
        return 0 if self._writer is None else self._writer.episodes

    def run(self, bags: list[Path]) -> None:
        """Write an episode for each recording that can be read."""
        from unified_agent.recording.reader import BagReader

        todo = [bag for bag in bags if str(bag) not in self.found["done"]]
        for bag in tqdm(todo, initial=len(bags) - len(todo), total=len(bags), unit="bag", desc="export"):
            try:
                reader = BagReader(bag)
                self.found["frames"] += self._add(reader)
            except UserError as error:
                self.found["failed"][str(bag)] = str(error)
            else:
                if reader.losses:
                    self.found["lost"][str(bag)] = reader.losses
            self.found["done"].append(str(bag))
            self._keep()
        if self._writer is not None:
            self._writer.close()

    def _add(self, reader) -> int:
        """Write one recording; its frames, or 0 where it is left out as the person asked."""
        from unified_agent.recording.cameras import image_topics
        from unified_agent.recording.history import History
        from unified_agent.recording.lerobot.rows import rate_of, rows
        from unified_agent.recording.lerobot.writer import DatasetWriter, Shape
        from unified_agent.topics import camera_of

        arguments, facts = self._arguments, History.of(reader).facts
        if arguments.only_success and facts.result != "success":
            return 0
        task = facts.instruction or arguments.task
        if not task:
            raise UserError("it has no instruction: give one with --task")
        topics = image_topics(reader, tuple(arguments.image_topic))
        self.rate = self.rate or rate_of(reader, topics)
        if self._writer is None:
            first = next(rows(reader, topics, self.rate), None)
            if first is None:
                raise UserError("it has no moment with frames of all cameras and joint states")
            shape = Shape.of(first, map(camera_of, topics))
            self._writer = DatasetWriter(self._folder, self.rate, shape, arguments.robot)
        return self._writer.add(rows(reader, topics, self.rate), task)

    def _keep(self) -> None:
        """Write down where it stands, once there is something to go on with."""
        if self._writer is None:
            return
        path = self._folder / PROGRESS
        partial = path.with_suffix(".new")
        partial.write_text(json.dumps({"asked": self._asked, "found": self.found, "writer": self._writer.state()}))
        partial.replace(path)

    def _resumed(self) -> bool:
        """Whether the folder held the same work, unfinished, and it goes on."""
        from unified_agent.recording.lerobot.writer import DatasetWriter

        path = self._folder / PROGRESS
        if not path.is_file():
            return False
        try:
            saved = json.loads(path.read_text())
            if saved["asked"] != self._asked:
                return False
            self._writer = DatasetWriter.restored(self._folder, saved["writer"])
        except (ValueError, KeyError, TypeError, OSError):
            return False
        self.found, self.rate = saved["found"], saved["writer"]["rate"]
        return True
