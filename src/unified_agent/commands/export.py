# SPDX-License-Identifier: Apache-2.0
"""``unified-agent export``: recordings as a dataset that other people's tools train on."""

import argparse
import json
import math
from collections import Counter
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import UserError

FORMATS = ("lerobot",)
KIND = "export"
# What the dataset depends on, besides the recordings themselves.
_SETTINGS = (
    "format",
    "rate",
    "task",
    "robot",
    "only_success",
    "image_topic",
    "state_topic",
    "action_topic",
    "without_state",
    "max_age",
    "pair_by",
)
# Frames a second above which a camera's stamps are no stamps.
_FASTEST = 1000
# What is so of as many recordings is said once.
_OFTEN = 3
# Bytes of the notes on unfinished work.
_LARGEST = 2**28


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
    parser.add_argument(
        "--state-topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="joint states that were measured; again for another arm (default: /joint_states, or the only one)",
    )
    parser.add_argument(
        "--action-topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="what was commanded: JointState, JointTrajectory or Float64MultiArray; again for another controller "
        "(default: /action where it is recorded, else the state of the next frame)",
    )
    parser.add_argument("--without-state", action="store_true", help="a dataset of pictures, without state and action")
    parser.add_argument(
        "--max-age", type=float, default=0.5, metavar="S", help="seconds that a state may lie from its frame (0.5)"
    )
    parser.add_argument(
        "--pair-by",
        choices=("stamp", "received"),
        default="stamp",
        help="when a joint state was: by its stamp, or when it was recorded (for stamps that are wrong)",
    )


def run(arguments: argparse.Namespace) -> dict:
    """Write a dataset of all recordings that can be read, and say what could not."""
    from unified_agent.folders import OwnFolder, kind_of, refuse_overlap
    from unified_agent.recording.copies import without_copies
    from unified_agent.recording.lerobot import layout
    from unified_agent.recording.reader import find_bags

    _check(arguments)
    out = arguments.out
    if kind_of(out) == KIND and (out / layout.INFO).is_file():
        raise UserError(f"{out} holds a finished dataset: it is not overwritten or added to. Give a new --out.")
    bags, copies = without_copies(find_bags(*arguments.bags), arguments.bags)
    if copies:
        print(f"left out: {len(copies)} labelled copies among the recordings (name them to export them)")
    refuse_overlap(out, bags)
    settings = {name: getattr(arguments, name) for name in _SETTINGS}
    with OwnFolder.claim(out, KIND, settings, sources=bags) as folder:
        export = _Export(arguments, folder, bags)
        try:
            export.run()
        except OSError as error:
            raise UserError(
                f"{out} cannot be written: {error}. Whole episodes are kept: make room, then give the same command."
            ) from None
        finally:
            if not export.episodes:
                folder.dissolve()
    return _tell(export, out)


def _check(arguments: argparse.Namespace) -> None:
    from unified_agent.recording.lerobot.layout import plain_text

    if arguments.rate is not None and not 1 <= arguments.rate <= _FASTEST:
        raise UserError(f"--rate must be 1 to {_FASTEST} frames a second, not {arguments.rate}.")
    if not (math.isfinite(arguments.max_age) and arguments.max_age > 0):
        raise UserError(f"--max-age must be more than 0 seconds, not {arguments.max_age}.")
    if arguments.without_state and (arguments.state_topic or arguments.action_topic):
        raise UserError("--without-state takes no --state-topic and no --action-topic: leave out the one or the other.")
    arguments.robot = plain_text(arguments.robot) or "unknown"
    arguments.task = None if arguments.task is None else plain_text(arguments.task)


def _tell(export: "_Export", out: Path) -> dict:
    found = export.found
    for bag, why in found["failed"].items():
        print(f"failed: {bag}: {why}")
    for word in ("lost", "told"):
        often = Counter(line for lines in found[word].values() for line in set(lines))
        for line, count in often.items():
            if count >= _OFTEN:
                print(f"{word}: {count} recordings: {line}")
        for bag, lines in found[word].items():
            if lines := [line for line in dict.fromkeys(lines) if often[line] < _OFTEN]:
                print(f"{word}: {bag}: {'; '.join(lines)}")
    if found["left_out"]:
        print(f"left out: {len(found['left_out'])} recordings that did not end in success")
    if export.episodes:
        print(f"wrote {export.episodes} episodes, {found['frames']} frames at {export.rate} Hz: {out}")
    else:
        print("No episode could be exported: nothing was written")
    return {
        "ok": bool(export.episodes) and not found["failed"],
        "out": str(out),
        "episodes": export.episodes,
        "rate": export.rate,
        **{name: found[name] for name in ("frames", "failed", "lost", "told", "left_out")},
    }


class _Export:
    """Writes episode after episode; where it was stopped, it goes on after the last whole one.

    Attributes:
        rate: frames a second; None until the first recording has told.
        found: ``done`` recordings, ``frames``, those ``left_out``, and by recording why it ``failed``, what of it was
            ``lost`` and what is to be ``told`` of it.

    Raises:
        UserError: the folder holds unfinished work on other recordings.
    """

    def __init__(self, arguments: argparse.Namespace, folder, bags: list[Path]):
        from unified_agent.folders import MARK

        self._arguments, self._folder, self._bags = arguments, folder, bags
        self._progress = f"{MARK}/progress.json"
        self.rate: int | None = arguments.rate
        self.found: dict = {"done": [], "frames": 0, "failed": {}, "lost": {}, "told": {}, "left_out": []}
        self._writer = None
        _compare_recordings(folder, bags)
        self._resume()

    @property
    def episodes(self) -> int:
        """Written so far."""
        return 0 if self._writer is None else self._writer.episodes

    def run(self) -> None:
        """Write an episode for each recording that can be read."""
        import av

        from unified_agent.folders import FolderError
        from unified_agent.recording.reader import BagReader

        done = set(self.found["done"])
        todo = [bag for bag in self._bags if str(bag) not in done]
        for bag in tqdm(todo, initial=len(done), total=len(self._bags), unit="bag", desc="export"):
            try:
                reader = BagReader(bag)
                self.found["frames"] += self._add(reader)
            except FolderError:
                raise
            except UserError as error:
                self.found["failed"][str(bag)] = str(error)
            except av.FFmpegError as error:
                if isinstance(error, OSError):
                    raise
                self.found["failed"][str(bag)] = f"its pictures cannot be written as H.264: {error}"
            else:
                if reader.losses:
                    self.found["lost"][str(bag)] = reader.losses
            self.found["done"].append(str(bag))
            self._keep()
        if self._writer is not None:
            self._writer.close()

    def _add(self, reader) -> int:
        """Write one recording; its frames, or 0 where it is left out as the person asked."""
        from unified_agent.recording.cameras import choose
        from unified_agent.recording.history import History
        from unified_agent.recording.lerobot import layout
        from unified_agent.recording.lerobot.rows import RecordedRows
        from unified_agent.recording.lerobot.sources import SignalTopics
        from unified_agent.recording.lerobot.writer import DatasetWriter, Shape
        from unified_agent.topics import camera_of

        arguments, facts = self._arguments, History.of(reader).facts
        if arguments.only_success and facts.result != "success":
            self.found["left_out"].append(str(reader.path))
            return 0
        task = layout.plain_text(facts.instruction) or arguments.task
        if not task:
            raise UserError("it has no instruction: give one with --task")
        choice = choose(reader, tuple(dict.fromkeys(arguments.image_topic)))
        topics = choice.names
        cameras = layout.camera_names(map(camera_of, topics))
        signals = SignalTopics.of(reader, arguments.state_topic, arguments.action_topic, arguments.without_state)
        recorded = RecordedRows(reader, topics, signals, arguments.max_age, arguments.pair_by == "stamp")
        told = [
            *choice.left_out,
            *signals.told,
            *(f"{t} is camera {c}" for t, c in zip(topics, cameras, strict=True) if camera_of(t) != c),
        ]
        rate = self._rate_for(recorded, told)
        rows = recorded.rows(rate)
        first = next(rows, None)
        if first is None:
            raise UserError(f"it has no row for a dataset: {recorded.why_nothing()}")
        writer = self._writer or DatasetWriter(self._folder, rate, Shape.of(first, cameras), arguments.robot)
        told += _differences(writer.shape, recorded, cameras)
        count = writer.add(chain([first], rows), task)
        if told := [*told, *recorded.told]:
            self.found["told"][str(reader.path)] = told
        self._writer, self.rate = writer, rate
        return count

    def _rate_for(self, recorded, told: list[str]) -> int:
        """The dataset's rate: the one asked for, or the first recording's."""
        own = recorded.own_rate
        if self.rate is None and own is None:
            raise UserError(
                "a camera of it has fewer than two frames of different stamps: a dataset needs two rows at least"
            )
        if self.rate is None and own.whole > _FASTEST:
            raise UserError(f"its frames are stamped {own.period:.0f} ns apart: give their rate with --rate")
        rate = self.rate or own.whole
        if own is not None and abs(own.a_second - rate) > 0.02 * rate:
            told.append(f"its cameras give {own.a_second:.4g} frames a second, written at {rate}")
        return rate

    def _keep(self) -> None:
        """Write down where it stands."""
        writer = None if self._writer is None else self._writer.state()
        self._folder.write(self._progress, json.dumps({"found": self.found, "rate": self.rate, "writer": writer}))

    def _resume(self) -> None:
        from unified_agent.documents import json_of, read_text
        from unified_agent.recording.lerobot.writer import DatasetWriter

        path = self._folder.path / self._progress
        if not path.is_file():
            return
        try:
            saved = json_of(read_text(path, _LARGEST), str(path), _LARGEST)
            self.found, self.rate = {**self.found, **saved["found"]}, saved["rate"]
            self._writer = saved["writer"] and DatasetWriter.restored(self._folder, saved["writer"])
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise UserError(f"{self._folder.path} cannot be gone on with ({error}): give a new folder.") from None


def _differences(shape, recorded, cameras: tuple[str, ...]) -> list[str]:
    """What of a recording has no place in the dataset.

    Raises:
        UserError: its cameras are others.
    """
    if tuple(shape.sizes) != cameras:
        raise UserError(
            f"its cameras are {', '.join(cameras)}, the dataset's {', '.join(shape.sizes)}: export them apart"
        )
    known = {*shape.joints}
    more = [name for name in recorded.joints if name not in known]
    return [f"joints that the first recording does not have, left out: {', '.join(more)}"] if more else []


def _compare_recordings(folder, bags: list[Path]) -> None:
    """Write down which recordings a dataset is of; unfinished work on others is refused with the difference.

    Raises:
        UserError: they are others than before.
    """
    from unified_agent.documents import json_of, mapping, read_text
    from unified_agent.folders import MARK
    from unified_agent.recording.fingerprint import fingerprint

    name = f"{MARK}/recordings.json"
    path, now = folder.path / name, {str(bag.resolve()): fingerprint(bag) for bag in bags}
    if not path.is_file():
        folder.write(name, json.dumps(now, indent=1))
        return
    before = mapping(json_of(read_text(path, _LARGEST), str(path), _LARGEST), str(path))
    kinds = {
        "new": [bag for bag in now if bag not in before],
        "gone": [bag for bag in before if bag not in now],
        "changed": [bag for bag in now if bag in before and before[bag] != now[bag]],
    }
    if told := [f"{kind}: {', '.join(found[:3])}{' ...' * (len(found) > 3)}" for kind, found in kinds.items() if found]:
        raise UserError(
            f"{folder.path} holds unfinished work on other recordings ({'; '.join(told)}): give the same recordings to "
            "go on with it, or another folder."
        )
