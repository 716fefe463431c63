# SPDX-License-Identifier: Apache-2.0
"""A folder of rewards: which recordings are in it, and which are to be looked at."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from unified_agent.folders import OwnFolder
from unified_agent.recording.fingerprint import fingerprint, size
from unified_agent.training.relabelling.looked import Looked
from unified_agent.training.relabelling.observers import LookFailure, attempted, model_of
from unified_agent.training.relabelling.places import CURVE, SCORES, SUMMARY
from unified_agent.training.reward.datasets import Episodes
from unified_agent.training.reward.evidence import Cameras
from unified_agent.training.reward.figures import RewardFigures
from unified_agent.training.reward.progress import FILE, write_progress
from unified_agent.training.reward.scoring import score_bag, score_episode
from unified_agent.vision.judging import Judge

KIND, FIGURES = "rewards", "rewards.json"


class Rewards(Looked):
    """One sentence asked of many recordings and datasets; stopped and begun again, it goes on where it was.

    Args:
        out: the folder; nothing in it is replaced but what was written into it before.
        bags: recordings.
        episodes: of datasets.
        clip: the model's spec, for the record.

    Raises:
        FolderError: see `OwnFolder.claim`.
    """

    def __init__(self, out: Path, bags: Iterable[Path], episodes: Episodes, judge: Judge, which: Cameras, clip: str):
        bags = [bag.resolve() for bag in bags]
        asked = asdict(judge.goal) | asdict(which) | {"threshold": round(judge.threshold, 6)}
        asked |= {"model": model_of(judge.model.clip), "device": judge.model.clip.device.type, "clip": clip}
        sources = [*bags, *episodes.folders]
        folder = OwnFolder.claim(out, KIND, asked, may_change={"clip"}, sources=sources)
        self._judge, self._which, self._episodes, self._clip = judge, which, episodes, clip
        super().__init__(folder, [*bags, *episodes], (SUMMARY, SCORES, CURVE, ""), RewardFigures.load, self._state_of)

    @property
    def waiting(self) -> dict[Path, int]:
        """What is to be looked at, in the order in which it is -> its bytes."""
        sizes = {one: self._episodes.size(one) if one in self._episodes else size(one) for one in self.names}
        return {one: bytes_ for one, bytes_ in sizes.items() if one not in self.done}

    def score(self, source: Path, progress: Callable[[int], object]) -> RewardFigures | LookFailure:
        """Reward one recording or episode, and move what was made of it to its place."""
        found = attempted(lambda: self._scored(source, progress))
        if isinstance(found, LookFailure):
            attempted(lambda: self.abandon(source))
        else:
            self.finish(source, found)
        return found

    def write_whole_tables(self) -> list[Path]:
        """Write the figures of all recordings in the folder, and LeRobot's file of each dataset; those files."""
        figures = {name: asdict(found) for name, found in self.whole().items()}
        self.folder.write(FIGURES, json.dumps(figures, indent=1) + "\n")
        written = []
        for dataset in self._episodes.folders:
            names = [self.names[episode] for episode in self._episodes.of(dataset) if episode in self.done]
            if names:
                path = self.folder.place(str(Path(names[0]).with_name(FILE)))
                partial = path.with_name(f".{FILE}.partial")
                write_progress([self.folder.path / f"{name}{SCORES}" for name in names], partial, self._model)
                partial.replace(path)
                written.append(path)
        return written

    def is_whole(self, name: str) -> bool:
        """Whether its table is there: LeRobot's file is made of those."""
        return (self.folder.path / f"{name}{SCORES}").is_file()

    @property
    def _model(self) -> str:
        """For LeRobot's metadata: which CLIP, and what it was asked."""
        goal = self._judge.goal
        return f"{self._clip} ({model_of(self._judge.model.clip)}): " + json.dumps(asdict(goal))

    def _scored(self, source: Path, progress: Callable[[int], object]) -> RewardFigures:
        task = self.task(source)
        if source not in self._episodes:
            return score_bag(source, task.folder, task.name, self._judge, self._which, progress)
        dataset, number = self._episodes.place(source)
        state = self._state_of(source)
        return score_episode(dataset, number, source, state, task.folder, task.name, self._judge, self._which)

    def _state_of(self, source: Path) -> str:
        return self._episodes.state(source) if source in self._episodes else fingerprint(source)
