# SPDX-License-Identifier: Apache-2.0
"""Reads a LeRobotDataset v3.0, episode by episode; frames are decoded one after another."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq

from unified_agent.errors import UserError
from unified_agent.paths import inside
from unified_agent.recording.lerobot import layout


class NoDataset(UserError):
    """A folder that holds no LeRobot dataset of the version that is read."""


@dataclass(frozen=True)
class DatasetRow:
    """One moment of an episode.

    Attributes:
        seconds: since the episode's start.
        state: positions of the joints, shape (D,); None where the dataset has none.
        frames: camera -> uint8 RGB (H, W, 3).
    """

    seconds: float
    state: np.ndarray | None
    frames: dict[str, np.ndarray]


class DatasetReader:
    """A dataset on disk.

    Attributes:
        rate: frames a second.
        cameras: names.
        joints: names, of the state; numbered where the dataset does not name them.
        robot: its name.

    Raises:
        NoDataset: no dataset, one of another version, or one whose description is broken.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        try:
            info = json.loads((folder / layout.INFO).read_text())
            version = info["codebase_version"]
            if version != layout.VERSION:
                raise NoDataset(
                    f"{folder} is a LeRobot dataset {version}: expected {layout.VERSION}. LeRobot converts older ones."
                )
            self._data_path, self._video_path = str(info["data_path"]), str(info["video_path"])
            self.rate, self.robot = int(info["fps"]), str(info.get("robot_type") or "unknown")
            features = info["features"]
            videos = [name for name, feature in features.items() if feature["dtype"] == "video"]
            if any(feature["dtype"] == "image" for feature in features.values()):
                raise NoDataset(f"{folder} keeps single images: expected videos. LeRobot converts them.")
            self.cameras = tuple(name.removeprefix(layout.IMAGES) for name in videos)
            self._keys = dict(zip(self.cameras, videos, strict=True))
            self._names = {name: _names(feature) for name, feature in features.items() if len(feature["shape"]) == 1}
            self.joints = self.names(layout.STATE)
            self._episodes = _rows(folder / "meta" / "episodes")
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise NoDataset(
                f"{folder} is no LeRobot dataset {layout.VERSION} (meta/info.json, data/, videos/): {error}"
            ) from None

    def __len__(self) -> int:
        return len(self._episodes)

    def task(self, number: int) -> str:
        """The instruction of an episode."""
        tasks = self._episodes[number].get("tasks") or []
        return str(tasks[0]) if tasks else ""

    def names(self, feature: str) -> tuple[str, ...]:
        """Names of a vector's parts, numbered where the dataset does not name them; none for a feature it has not."""
        return self._names.get(feature, ())

    def vectors(self, number: int, feature: str) -> tuple[np.ndarray, np.ndarray]:
        """Seconds since the start of an episode (N,), and a vector at those times (N, D); no video is opened.

        Raises:
            NoDataset: a file of the episode is missing or broken.
        """
        try:
            found = self._table(self._episodes[number])
            values = np.array(found[feature].to_pylist(), dtype=float).reshape(len(found), len(self.names(feature)))
            return np.array(found["timestamp"].to_pylist(), dtype=float), values
        except (OSError, ValueError, TypeError, LookupError, pa.ArrowException) as error:
            raise NoDataset(f"Episode {number} of {self._folder} cannot be read: {error}") from None

    def rows(self, number: int) -> Iterator[DatasetRow]:
        """The moments of an episode, in order.

        Raises:
            NoDataset: a file of the episode is missing or broken.
        """
        episode = self._episodes[number]
        try:
            found = self._table(episode)
            seconds = found["timestamp"].to_pylist()
            states = found[layout.STATE].to_pylist() if self.joints else [None] * len(seconds)
            with ExitStack() as stack:
                videos = {camera: self._frames(stack, episode, camera, len(seconds)) for camera in self.cameras}
                for time, state in zip(seconds, states, strict=True):
                    frames = {camera: next(video) for camera, video in videos.items()}
                    yield DatasetRow(float(time), None if state is None else np.array(state, float), frames)
        except StopIteration:
            raise NoDataset(f"Episode {number} of {self._folder} has fewer frames than rows.") from None
        except (OSError, ValueError, LookupError, pa.ArrowException, av.FFmpegError) as error:
            raise NoDataset(f"Episode {number} of {self._folder} cannot be read: {error}") from None

    def _table(self, episode: dict) -> pa.Table:
        path = inside(self._folder, self._data_path.format(**_place(episode, "data")))
        return arrow_dataset.dataset(path, format="parquet").to_table(
            filter=arrow_dataset.field("episode_index") == episode["episode_index"]
        )

    def _frames(self, stack: ExitStack, episode: dict, camera: str, count: int) -> Iterator[np.ndarray]:
        key = self._keys[camera]
        path = inside(self._folder, self._video_path.format(video_key=key, **_place(episode, f"videos/{key}")))
        container = stack.enter_context(av.open(str(path)))
        start = float(episode[f"videos/{key}/from_timestamp"])
        stream = container.streams.video[0]
        container.seek(int(start / stream.time_base), stream=stream, backward=True)
        # Half a frame early: timestamps are rounded.
        due = (frame for frame in container.decode(stream) if frame.time >= start - 0.5 / self.rate)
        return (frame.to_ndarray(format="rgb24") for frame in islice(due, count))


def _place(episode: dict, part: str) -> dict[str, int]:
    return {key: int(episode[f"{part}/{key}"]) for key in ("chunk_index", "file_index")}


def _names(feature: dict) -> tuple[str, ...]:
    names = feature.get("names")
    if isinstance(names, dict):
        names = next(iter(names.values()), None)
    if isinstance(names, list) and len(names) == feature["shape"][0]:
        return tuple(map(str, names))
    return tuple(f"joint_{number}" for number in range(feature["shape"][0]))


def _rows(folder: Path) -> list[dict]:
    files = sorted(folder.glob("*/*.parquet"))
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    return sorted(rows, key=lambda row: row["episode_index"])
