# SPDX-License-Identifier: Apache-2.0
"""Reads a LeRobot dataset, v3.0 and v2, episode by episode; frames are decoded one after another."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from unified_agent.errors import UserError
from unified_agent.recording.images import frame_of
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.description import CameraFeature, DatasetDescription, NoDataset, VectorFeature
from unified_agent.recording.lerobot.episodes import (
    EpisodePlace,
    check_columns,
    check_counts,
    episode_places,
    parquet,
)
from unified_agent.recording.lerobot.pictures import video_frames

__all__ = ["DatasetReader", "DatasetRow", "NoDataset"]
_BROKEN = (OSError, ValueError, LookupError, TypeError, OverflowError, pa.ArrowException, av.FFmpegError)
# Rows that are read together; fewer where they hold pictures.
_ROWS, _PICTURES = 4096, 16
_MOST_ROWS, _MOST_PIECES, _MOST_SUBTASKS = 20_000_000, 1_000_000, 100_000


@dataclass(frozen=True)
class DatasetRow:
    """One moment of an episode.

    Attributes:
        seconds: since the episode's start.
        state: positions of the joints, shape (D,); None where the dataset has none.
        frames: camera -> uint8 RGB (H, W, 3).
        action: what was commanded, shape (A,); None where the dataset has none.
        objects: name -> position (3,), metres.
        subgoal: the sentence pursued; empty when idle, or where the dataset has none.
    """

    seconds: float
    state: np.ndarray | None
    frames: dict[str, np.ndarray]
    action: np.ndarray | None = None
    objects: dict[str, np.ndarray] = field(default_factory=dict)
    subgoal: str = ""


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Whatever a broken file raises, as what is wrong with an episode."""
    try:
        yield
    except NoDataset as error:
        raise NoDataset(f"{where}: {error}") from None
    except UserError as error:
        raise NoDataset(f"{where} cannot be read: {error}") from None
    except _BROKEN as error:
        raise NoDataset(f"{where} cannot be read: {_reason(error)}") from None


class DatasetReader:
    """A dataset on disk.

    Attributes:
        rate: frames a second.
        cameras: names.
        joints, actions: names of the state's and the action's numbers; numbered where the dataset does not name them.
        objects: names of those whose positions it has.
        subgoals: whether it has sub-goals.
        robot: its name.
        told: what of it is not read.

    Raises:
        NoDataset: no dataset, one of another version, or one whose description is broken.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        try:
            self._about = DatasetDescription(folder)
            self._episodes = episode_places(folder, self._about)
            self.told = list(self._about.untaken)
            self._subtasks = self._read_subtasks() if self._about.subtasks else None
        except NoDataset:
            raise
        except UserError as error:
            raise NoDataset(str(error)) from None
        except _BROKEN as error:
            raise NoDataset(f"{folder} is no whole LeRobot dataset: {_reason(error)}") from None
        self.rate, self.robot = self._about.rate, self._about.robot
        self.cameras = tuple(camera.name for camera in self._about.cameras)
        self.joints = self._about.state.names if self._about.state else ()
        self.actions = self._about.action.names if self._about.action else ()
        self.objects = tuple(name[:-2] for name in self._about.positions.names[::3]) if self._about.positions else ()
        self.subgoals = self._subtasks is not None
        self._tell()
        self._spans: tuple[Path | None, dict[int, tuple[int, int, int]]] = (None, {})

    def __len__(self) -> int:
        return len(self._episodes)

    def index(self, number: int) -> int:
        """The number that the dataset itself gives the episode."""
        return self._episodes[number].index

    def length(self, number: int) -> int:
        """Rows of an episode."""
        return self._episodes[number].length

    def task(self, number: int) -> str:
        """The instruction of an episode; empty where it has none."""
        return self._episodes[number].task

    def names(self, feature: str) -> tuple[str, ...]:
        """Names of a vector's parts, numbered where the dataset does not name them; none for a feature it has not."""
        found = self._vector(feature)
        return found.names if found else ()

    def vectors(self, number: int, feature: str) -> tuple[np.ndarray, np.ndarray]:
        """Seconds since the start of an episode (N,), and a vector at those times (N, D); no video is opened.

        Raises:
            NoDataset: the dataset has no such vector, or a file of the episode is missing or broken.
        """
        episode, wanted = self._episodes[number], self._vector(feature)
        if wanted is None:
            raise NoDataset(f"{self._folder} has no vector {feature}.")
        with _named(f"Episode {episode.index} of {self._folder}"):
            batches = self._batches(episode, {wanted.key: len(wanted.names)}, _ROWS)
            values = [_matrix(batch, wanted) for batch in batches]
            return np.array(self._seconds(episode)), np.concatenate(values).astype(float)

    def indices(self, number: int) -> np.ndarray:
        """The numbers in the whole dataset of an episode's rows, shape (N,).

        Raises:
            NoDataset: as `vectors`.
        """
        episode = self._episodes[number]
        with _named(f"Episode {episode.index} of {self._folder}"):
            batches = self._batches(episode, {"index": 1}, _ROWS)
            return np.concatenate([_matrix(batch, VectorFeature("index", ("",)))[:, 0] for batch in batches]).astype(
                int
            )

    def rows(self, number: int) -> Iterator[DatasetRow]:
        """The moments of an episode, in order.

        Raises:
            NoDataset: a file of the episode is missing or broken.
        """
        episode = self._episodes[number]
        with _named(f"Episode {episode.index} of {self._folder}"):
            yield from self._rows(episode)

    def _vector(self, feature: str) -> VectorFeature | None:
        about = self._about
        return next((one for one in (about.state, about.action, about.positions) if one and one.key == feature), None)

    def _rows(self, episode: EpisodePlace) -> Iterator[DatasetRow]:
        about = self._about
        seconds = self._seconds(episode)
        with ExitStack() as stack:
            videos: dict[str, Iterator[np.ndarray]] = {}
            for camera in about.cameras:
                if camera.video:
                    path, start = episode.videos[camera.key]
                    frames = video_frames(path, start, iter(seconds), about.rate, camera.size)
                    videos[camera.name] = stack.enter_context(closing(frames))
            vectors = [feature for feature in (about.state, about.action, about.positions) if feature]
            images = [camera for camera in about.cameras if not camera.video]
            columns = {feature.key: len(feature.names) for feature in vectors} | {camera.key: None for camera in images}
            columns |= {layout.SUBTASK: 1} if self.subgoals else {}
            time = iter(seconds)
            for batch in self._batches(episode, columns, _PICTURES if images else _ROWS):
                numbers = {feature.key: _matrix(batch, feature) for feature in vectors}
                subtasks = _matrix(batch, VectorFeature(layout.SUBTASK, ("",)))[:, 0] if self.subgoals else None
                for row in range(batch.num_rows):
                    frames = {camera: next(video) for camera, video in videos.items()}
                    frames |= {camera.name: _picture(batch[camera.key][row].as_py(), camera) for camera in images}
                    frames = {camera: frames[camera] for camera in self.cameras}
                    values = {key: matrix[row] for key, matrix in numbers.items()}
                    yield DatasetRow(
                        float(next(time)),
                        values.get(layout.STATE),
                        frames,
                        values.get(layout.ACTION),
                        self._objects(values.get(layout.OBJECTS)),
                        "" if subtasks is None else self._subtasks.get(int(subtasks[row]), ""),
                    )

    def _seconds(self, episode: EpisodePlace) -> np.ndarray:
        feature = VectorFeature("timestamp", ("",))
        parts = [_matrix(batch, feature)[:, 0] for batch in self._batches(episode, {"timestamp": 1}, _ROWS)]
        seconds = np.concatenate(parts)
        if not ((seconds >= 0) & (seconds <= 1e7)).all():
            raise NoDataset("its timestamps are no seconds from the episode's start.")
        if len(wrong := np.flatnonzero(np.diff(seconds) <= 0)):
            last, now = seconds[wrong[0] : wrong[0] + 2]
            raise NoDataset(f"its timestamps do not go forward at row {wrong[0] + 1} ({last:g}, then {now:g}).")
        return seconds

    def _batches(self, episode: EpisodePlace, columns: dict[str, int | None], size: int) -> Iterator[pa.RecordBatch]:
        """The episode's rows of these columns (name -> numbers in a row; None for pictures), part by part."""
        file = parquet(episode.data)
        check_columns(file, ["episode_index", *columns], episode.data)
        check_counts(file, columns, episode.data)
        begin, end = self._span(episode, file)
        first, groups, skipped = 0, [], 0
        for number in range(file.metadata.num_row_groups):
            after = first + file.metadata.row_group(number).num_rows
            if first < end and after > begin:
                groups.append(number)
                skipped = first if len(groups) == 1 else skipped
            first = after
        position = skipped
        # A column at least, so that a dataset without numbers has rows.
        names = [*columns] or ["episode_index"]
        for batch in file.iter_batches(size, row_groups=groups, columns=names, use_threads=False):
            low, high = max(begin - position, 0), min(end - position, batch.num_rows)
            position += batch.num_rows
            if high > low:
                yield batch.slice(low, high - low)

    def _span(self, episode: EpisodePlace, file) -> tuple[int, int]:
        """The first of the episode's rows in its file, and the one after the last."""
        if self._spans[0] != episode.data:
            self._spans = (episode.data, _spans(file, episode.data))
        begin, end, count = self._spans[1].get(episode.index, (0, 0, 0))
        if count != episode.length:
            raise NoDataset(f"it has {count} rows in {episode.data.name}, and a length of {episode.length}.")
        if end - begin != count:
            raise NoDataset(f"its rows in {episode.data.name} do not follow one another.")
        return begin, end

    def _objects(self, values: np.ndarray | None) -> dict[str, np.ndarray]:
        if values is None:
            return {}
        return {name: values[3 * place : 3 * place + 3] for place, name in enumerate(self.objects)}

    def _tell(self) -> None:
        if self._about.promised not in (None, len(self)):
            self.told.append(f"{layout.INFO} promises {self._about.promised} episodes, and {len(self)} are there")
        if bare := sum(not episode.task for episode in self._episodes):
            self.told.append(f"episodes without a task: {bare}")
        if not self.cameras:
            self.told.append("there are no pictures")

    def _read_subtasks(self) -> dict[int, str] | None:
        """Number -> sentence; the one that stands for none is empty. None where they have no sentences."""
        path = self._folder / layout.SUBTASKS
        if not path.exists():
            self.told.append(f"{layout.SUBTASK} is not read: there is no {layout.SUBTASKS}")
            return None
        file = parquet(path)
        text_types = (pa.string(), pa.large_string())
        texts = [field.name for field in file.schema_arrow if field.type in text_types]
        if layout.SUBTASK not in file.schema_arrow.names or not texts or file.metadata.num_rows > _MOST_SUBTASKS:
            raise NoDataset(f"{path} is no table of up to {_MOST_SUBTASKS} sub-goals and their numbers.")
        table = file.read([layout.SUBTASK, texts[0]])
        numbers = _matrix(table.combine_chunks(), VectorFeature(layout.SUBTASK, ("",)))[:, 0]
        said = [layout.plain_text(text or "") for text in table[texts[0]].to_pylist()]
        return {int(number): "" if text == layout.IDLE else text for number, text in zip(numbers, said, strict=True)}


def _spans(file: pq.ParquetFile, path: Path) -> dict[int, tuple[int, int, int]]:
    """Episode -> its first row in a file, the one after its last, and how many it has."""
    if file.metadata.num_rows > _MOST_ROWS:
        raise NoDataset(f"{path} claims {file.metadata.num_rows} rows: expected at most {_MOST_ROWS}.")
    spans: dict[int, tuple[int, int, int]] = {}
    position = pieces = 0
    for batch in file.iter_batches(2**16, columns=["episode_index"], use_threads=False):
        numbers = _matrix(batch, VectorFeature("episode_index", ("",)))[:, 0]
        cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        pieces += len(cuts)
        if pieces > _MOST_PIECES:
            raise NoDataset(f"{path}: the rows of its episodes do not follow one another.")
        for low, high in pairwise(cuts):
            if high > low:
                begin, _, count = spans.get(int(numbers[low]), (position + low, 0, 0))
                spans[int(numbers[low])] = (begin, position + high, count + high - low)
        position += len(numbers)
    return spans


def _matrix(batch: pa.RecordBatch | pa.Table, feature: VectorFeature) -> np.ndarray:
    """A column as numbers, shape (rows, numbers of the feature)."""
    column, count = batch[feature.key], len(feature.names)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if column.null_count:
        raise NoDataset(f"'{feature.key}' has {column.null_count} rows without a value.")
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        lengths = pc.unique(pc.list_value_length(column)).to_pylist()
        if any(length != count for length in lengths):
            raise NoDataset(f"'{feature.key}' has {lengths[:5]} numbers in a row: expected {count}.")
        column = column.flatten()
    elif count != 1:
        raise NoDataset(f"'{feature.key}' has one value in a row: expected {count} numbers.")
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)):
        raise NoDataset(f"'{feature.key}' has values of the type {str(column.type)[:80]}: expected numbers.")
    if column.null_count:
        raise NoDataset(f"'{feature.key}' has {column.null_count} numbers that are missing.")
    return np.asarray(column.cast(pa.float64(), safe=False)).reshape(-1, count)


def _picture(value: Any, camera: CameraFeature) -> np.ndarray:
    """The frame of an image that lies in the table."""
    data = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(data, bytes):
        raise NoDataset(f"'{camera.key}' has a row without the bytes of a picture.")
    frame = frame_of(SimpleNamespace(format="png", data=data))
    if frame.shape[:2] != camera.size:
        raise NoDataset(f"'{camera.key}' has a picture of {frame.shape[1]}x{frame.shape[0]}: expected {camera.size}.")
    return frame


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
