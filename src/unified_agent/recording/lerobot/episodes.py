# SPDX-License-Identifier: Apache-2.0
"""Where each episode of a dataset lies: the tables of v3.0, and the lines of JSON before."""

import math
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from unified_agent.documents import json_of, mapping, read_text
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.description import OLD, DatasetDescription, NoDataset, whole

_MOST_EPISODES, _MOST_FILES = 1_000_000, 10_000
_LINES = "meta/episodes.jsonl"
_LARGEST_LINES = 2**28
_LONGEST = 10**7
# A column of a row group that unpacks to more bytes than this, and to more than so many times its own size, is a bomb.
_LARGE, _RATIO = 2**26, 100
_LARGEST = 2**30


@dataclass(frozen=True)
class EpisodePlace:
    """Where an episode lies.

    Attributes:
        index: its number in the dataset.
        length: rows.
        task: its instruction; empty where it has none.
        data: the file of its rows.
        videos: key of a camera -> the file, and the time in it at which the episode begins, seconds.
    """

    index: int
    length: int
    task: str
    data: Path
    videos: dict[str, tuple[Path, float]]


def episode_places(folder: Path, about: DatasetDescription) -> list[EpisodePlace]:
    """Of all episodes, in the order of their numbers.

    Raises:
        NoDataset: they cannot be read, or do not fit together.
    """
    rows = _lines(folder) if about.version in OLD else _table_rows(folder, about)
    found: dict[int, EpisodePlace] = {}
    for row in rows:
        place = _place(folder, about, row)
        if place.index in found:
            raise NoDataset(f"{folder} has the episode {place.index} twice.")
        if len(found) >= _MOST_EPISODES:
            raise NoDataset(f"{folder} has more than {_MOST_EPISODES} episodes.")
        found[place.index] = place
    return [found[index] for index in sorted(found)]


def parquet(path: Path) -> pq.ParquetFile:
    """A table's file, read part by part.

    Raises:
        NoDataset: no regular file, or one that unpacks to far more than it holds.
        OSError, pyarrow.ArrowException: it is none.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise NoDataset(f"{path} is no regular file: expected a Parquet file.")
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=2**20)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        for column in range(group.num_columns):
            chunk = group.column(column)
            size, packed = chunk.total_uncompressed_size, max(chunk.total_compressed_size, 1)
            if size > _LARGEST or (size > _LARGE and size > _RATIO * packed):
                raise NoDataset(f"{path}: '{chunk.path_in_schema[:80]}' of {packed} bytes unpacks to {size}: too much.")
    return file


def check_columns(file: pq.ParquetFile, names: list[str], path: Path) -> None:
    """Make sure that a table has columns.

    Raises:
        NoDataset: one is missing.
    """
    if missing := [name for name in names if name not in file.schema_arrow.names]:
        raise NoDataset(f"{path} has no column {', '.join(missing)[:200]}.")


def check_counts(file: pq.ParquetFile, columns: Mapping[str, int | None], path: Path) -> None:
    """Make sure that columns hold no more than so many numbers a row (None: anything), before they are unpacked.

    Raises:
        NoDataset: one holds more.
    """
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        for place in range(group.num_columns):
            chunk = group.column(place)
            for name, count in columns.items():
                found = chunk.path_in_schema == name or chunk.path_in_schema.startswith(f"{name}.")
                if found and count is not None and chunk.num_values > count * group.num_rows:
                    raise NoDataset(
                        f"'{name}' of {path} has {chunk.num_values} numbers in {group.num_rows} rows: expected {count} "
                        "in each."
                    )


def _lines(folder: Path) -> Iterator[dict]:
    text = read_text(folder / _LINES, _LARGEST_LINES)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            what = f"line {number} of {folder / _LINES}"
            yield mapping(json_of(line, what), what)


def _table_rows(folder: Path, about: DatasetDescription) -> Iterator[dict]:
    files = sorted((folder / "meta" / "episodes").glob("*/*.parquet"))
    if not files or len(files) > _MOST_FILES:
        raise NoDataset(f"{folder} has {len(files)} tables of episodes (meta/episodes/*/*.parquet): expected some.")
    columns = ["episode_index", "length", "data/chunk_index", "data/file_index"]
    for camera in about.cameras if about.video_path else ():
        if camera.video:
            columns += [f"videos/{camera.key}/{name}" for name in ("chunk_index", "file_index", "from_timestamp")]
    for path in files:
        file = parquet(path)
        check_columns(file, columns, path)
        more = [name for name in file.schema_arrow.names if name == "tasks" or name.endswith("/to_timestamp")]
        if file.metadata.num_rows > _MOST_EPISODES:
            raise NoDataset(f"{path} has {file.metadata.num_rows} rows: expected at most {_MOST_EPISODES} episodes.")
        for batch in file.iter_batches(1024, columns=[*columns, *more]):
            yield from batch.to_pylist()


def _place(folder: Path, about: DatasetDescription, row: dict[str, Any]) -> EpisodePlace:
    index = whole(row.get("episode_index"), "an episode's number")
    length = whole(row.get("length"), f"the length of episode {index}", _LONGEST)
    if not length:
        raise NoDataset(f"Episode {index} of {folder} has a length of 0: expected a row at least.")
    tasks = row.get("tasks")
    tasks = [task for task in tasks if isinstance(task, str)] if isinstance(tasks, list) else []
    task = layout.plain_text(tasks[0]) if tasks else ""
    videos = {}
    if about.version in OLD:
        places = {"episode_chunk": index // about.chunk, "episode_index": index}
        data = about.data_path.path(folder, places)
        for camera in about.cameras:
            if camera.video:
                videos[camera.key] = (about.video_path.path(folder, {**places, "video_key": camera.key}), 0.0)
        return EpisodePlace(index, length, task, data, videos)
    data = about.data_path.path(folder, _numbers(row, "data", index))
    for camera in about.cameras:
        if camera.video:
            part = f"videos/{camera.key}"
            start = _seconds(row.get(f"{part}/from_timestamp"), f"{part}/from_timestamp of episode {index}")
            if row.get(f"{part}/to_timestamp") is not None:
                end = _seconds(row[f"{part}/to_timestamp"], f"{part}/to_timestamp of episode {index}")
                if abs((end - start) * about.rate - length) > 1.5:
                    raise NoDataset(
                        f"Episode {index} of {folder} has {length} rows, and {end - start:g} s of the video of "
                        f"'{camera.name[:80]}' at {about.rate:g} frames a second."
                    )
            path = about.video_path.path(folder, {**_numbers(row, part, index), "video_key": camera.key})
            videos[camera.key] = (path, start)
    return EpisodePlace(index, length, task, data, videos)


def _numbers(row: dict[str, Any], part: str, index: int) -> dict[str, int]:
    keys = ("chunk_index", "file_index")
    return {key: whole(row.get(f"{part}/{key}"), f"{part}/{key} of episode {index}") for key in keys}


def _seconds(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf or value > 1e7:
        raise NoDataset(f"Expected {what[:120]} as seconds, not {value!r:.80}.")
    return float(value)
