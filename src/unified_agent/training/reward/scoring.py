# SPDX-License-Identifier: Apache-2.0
"""One recording, or one episode of a dataset, rewarded from its begin to its end."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from unified_agent import topics
from unified_agent.errors import UserError, nearest
from unified_agent.recording import rewards
from unified_agent.recording.bag import BagWriter, topic_info
from unified_agent.recording.cameras import RecordedCameras, choose
from unified_agent.recording.cdr import NANO
from unified_agent.recording.copies import MARK
from unified_agent.recording.fingerprint import fingerprint
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.reader import DatasetReader
from unified_agent.recording.reader import BagReader
from unified_agent.training.relabelling.places import CURVE, SCORES, SUMMARY
from unified_agent.training.reward.curve import RewardCurve, draw
from unified_agent.training.reward.evidence import Cameras
from unified_agent.training.reward.figures import RewardFigures
from unified_agent.training.reward.turns import Turns
from unified_agent.vision.clip import FRAMES
from unified_agent.vision.judging import Judge, Judgement

_JUDGED = ("seconds", "reward", "cosine", "over", "familiar")
BAG_COLUMNS = ("stamp", *_JUDGED)
DATASET_COLUMNS = ("index", "episode_index", "frame_index", *_JUDGED)


class _Scorer:
    """Rewards moments in batches, and writes a row each as they come.

    Args:
        head: names of the first columns, whose values come with each moment.
        told: called with what came with each moment, and its judgement.
    """

    def __init__(self, judge: Judge, table, head: Sequence[str], cameras: int, told: Callable[[Any, Judgement], None]):
        self._judge, self._rows, self._told = judge, csv.writer(table), told
        self._rows.writerow((*head, *_JUDGED))
        self._at_once = max(1, FRAMES[judge.model.clip.device.type] // cameras)
        self._waiting: list[tuple[tuple, float, Sequence[np.ndarray], Any]] = []
        self._turns, self._curve = Turns(), RewardCurve()
        self._over = 0

    def add(self, head: tuple, seconds: float, frames: Sequence[np.ndarray], come: Any = None) -> None:
        """The next moment."""
        self._waiting.append((head, seconds, frames, come))
        if len(self._waiting) >= self._at_once:
            self._settle()

    def end(self, found: RewardFigures, folder: Path, name: str) -> None:
        """Reward what waits, fill in what the whole tells, and write picture and summary."""
        self._settle()
        values = self._curve.rewards
        found.moments, found.over = len(values), self._over
        found.unfamiliar = int(self._curve.strange.sum())
        found.lowest, found.highest, found.mean = (float(f(values)) for f in (np.min, np.max, np.mean))
        found.highest_at = float(self._curve.seconds[int(np.argmax(values))])
        picture = draw(self._curve, self._turns, self._judge.name)
        (folder / f"{name}{CURVE}").write_bytes(picture)
        found.save(folder / f"{name}{SUMMARY}")

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        judgements = self._judge.judgements(self._judge.look([frames for _, _, frames, _ in waiting]))
        for (head, seconds, frames, come), judgement in zip(waiting, judgements, strict=True):
            numbers = (f"{seconds:.6f}", f"{judgement.reward:.6f}", f"{judgement.cosine:.6f}")
            self._rows.writerow((*head, *numbers, int(judgement.over), int(judgement.familiar)))
            self._curve.add(seconds, judgement.reward, not judgement.familiar)
            self._turns.add(seconds, judgement.reward, frames)
            self._over += judgement.over
            self._told(come, judgement)


def score_bag(
    bag: Path,
    folder: Path,
    name: str,
    judge: Judge,
    which: Cameras,
    progress: Callable[[int], object] = lambda read: None,
) -> RewardFigures:
    """Reward every moment of a recording, which stays as it is.

    Written into ``folder``: ``<name>/`` (a rosbag2 of ``/reward`` alone, a message a moment at the time at which its
    frames were recorded, to be played beside the recording), ``<name>.csv``, ``<name>.png`` and, last, ``<name>.json``.

    Args:
        folder: a new one.
        progress: called with the bytes of the recording that were read since the last call.

    Raises:
        UserError: nothing can be read, no image topic fits, or its images give no moment.
    """
    found = RewardFigures(str(bag), fingerprint(bag))
    reader = BagReader(bag)
    choice = choose(reader, which.topics)
    found.cameras = list(choice.names)
    folder.mkdir(parents=True, exist_ok=True)
    cameras = RecordedCameras(reader, choice.names, which.tolerance)
    writer = BagWriter(folder / name, quick=True)
    writer.custom_data = {MARK: json.dumps({"source": found.source, "goal": judge.name})}
    writer.add(topic_info(topics.REWARD, rewards.TYPE))
    start, position = None, 0

    def tell(come: tuple[int, int], judgement: Judgement) -> None:
        received, stamp = come
        writer.write(topics.REWARD, rewards.encoded(stamp, judge.name, judgement), received)

    try:
        with (folder / f"{name}{SCORES}").open("w", newline="", encoding="utf-8") as table:
            scorer = _Scorer(judge, table, BAG_COLUMNS[:1], len(choice.names), tell)
            for received, moment in cameras.frames():
                start = received if start is None else start
                stamp = f"{moment.stamp // NANO}.{moment.stamp % NANO:09d}"
                scorer.add((stamp,), (received - start) / NANO, moment.frames, (received, moment.stamp))
                progress(reader.position - position)
                position = reader.position
            if start is None:
                raise cameras.nothing()
            found.alone, found.refused = cameras.alone, cameras.refused
            found.lost = [*cameras.told, *choice.left_out, *reader.losses]
            scorer.end(found, folder, name)
    except BaseException:
        writer.abandon()
        raise
    writer.close()
    return found


def score_episode(
    dataset: DatasetReader, number: int, source: Path, state: str, folder: Path, name: str, judge: Judge, which: Cameras
) -> RewardFigures:
    """Reward every frame of an episode of a LeRobot dataset; as `score_bag`, without a rosbag2.

    Args:
        number: of the episode, in the order of the dataset's own.
        source, state: what the summary calls it, and what tells whether it has changed.

    Raises:
        UserError: the dataset has no such camera, or a file of the episode is missing or broken.
    """
    cameras = _cameras(dataset, which.topics)
    found = RewardFigures(str(source), state, list(cameras))
    folder.mkdir(parents=True, exist_ok=True)
    indices = dataset.indices(number)
    with (folder / f"{name}{SCORES}").open("w", newline="", encoding="utf-8") as table:
        scorer = _Scorer(judge, table, DATASET_COLUMNS[:3], len(cameras), lambda come, judgement: None)
        for frame, (index, row) in enumerate(zip(indices.tolist(), dataset.rows(number), strict=True)):
            head = (index, dataset.index(number), frame)
            scorer.add(head, row.seconds, [row.frames[camera] for camera in cameras])
        found.lost = list(dataset.told)
        scorer.end(found, folder, name)
    return found


def _cameras(dataset: DatasetReader, named: tuple[str, ...]) -> tuple[str, ...]:
    """The cameras of a dataset that are looked at: those named, as they are or as columns, or all."""
    if not dataset.cameras:
        raise UserError("The dataset has no pictures: there is nothing to reward.")
    wanted = [name.removeprefix(layout.IMAGES).removeprefix("observation.") for name in named]
    if strange := [name for name in wanted if name not in dataset.cameras]:
        raise UserError(f"The dataset has no camera '{strange[0][:80]}'. {nearest(strange[0][:80], dataset.cameras)}")
    return tuple(wanted) or dataset.cameras
