# SPDX-License-Identifier: Apache-2.0
"""What ``meta/info.json`` says of a dataset: checked, since anybody may have written it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from unified_agent.documents import json_of, mapping, read_text, shown
from unified_agent.errors import UserError
from unified_agent.paths import inside
from unified_agent.recording.images import MAX_PIXELS
from unified_agent.recording.lerobot import layout

# Versions whose layout is read: one file an episode before 3.0.
OLD, READ = ("v2.0", "v2.1"), ("v2.0", "v2.1", layout.VERSION)
_FASTEST = 1000
_MOST_FEATURES, _MOST_NUMBERS = 1000, 10_000
_LARGEST_INDEX = 10**7
_NUMBERS = ("float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")
_OWN_COLUMNS = (*layout.SCALARS, layout.SUBTASK)


class NoDataset(UserError):
    """A folder that holds no LeRobot dataset of a version that is read, or a broken one."""


@dataclass(frozen=True)
class VectorFeature:
    """A column of ``len(names)`` numbers a row."""

    key: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class CameraFeature:
    """A camera's pictures, RGB.

    Attributes:
        key: the feature's name.
        name: of the camera.
        size: (height, width), pixels.
        video: whether they are in a video; else in the table, a file each.
    """

    key: str
    name: str
    size: tuple[int, int]
    video: bool


class PathTemplate:
    """A file's name with places for numbers and the camera's key, such as ``data/chunk-{chunk_index:03d}.parquet``.

    Raises:
        NoDataset: it is none: other places, attributes of them, or widths that make a name of any length.
    """

    _PLACES = ("chunk_index", "file_index", "episode_chunk", "episode_index", "video_key")

    def __init__(self, text: Any, what: str):
        if not isinstance(text, str) or len(text) > 1000:
            raise NoDataset(f"Expected {what} as the text of a path, not {shown(text)}.")
        try:
            parts = list(Formatter().parse(text))
        except ValueError as error:
            raise NoDataset(f"{what} is no path with places for numbers ({error}): {shown(text)}.") from None
        for _, place, width, conversion in parts:
            known = place is None or (place in self._PLACES and re.fullmatch(r"(0?\d)?d?|s?", width or ""))
            if conversion or not known:
                raise NoDataset(
                    f"{what} has the place {shown('{' + str(place) + ':' + str(width) + '}')}: expected one of "
                    f"{', '.join(self._PLACES)}, such as {{chunk_index:03d}}."
                )
        self._text, self._what = text, what

    def path(self, folder: Path, places: Mapping[str, Any]) -> Path:
        """The file, inside the folder.

        Raises:
            UserError: it would leave the folder, or a place has no value.
        """
        try:
            return _inside(folder, self._text.format_map(places))
        except (KeyError, ValueError, OSError, RuntimeError) as error:
            raise NoDataset(f"{self._what} ({self._text[:80]}) cannot be filled in: {error}") from None


class DatasetDescription:
    """Of a dataset in a folder.

    Attributes:
        version: such as ``v3.0``.
        rate: frames a second.
        robot: its name.
        state, action, positions: columns of numbers; None where there are none. Positions are those of objects,
            named ``<object>.x``, ``.y``, ``.z``.
        cameras: those with colours.
        subtasks: whether every row has the number of a sub-goal.
        untaken: features that are not read, each with why.
        promised: how many episodes it says that there are; None where it does not.
        chunk: files a chunk, before v3.0.

    Raises:
        NoDataset: there is none, one of another version, or values that no dataset has.
    """

    def __init__(self, folder: Path):
        path = folder / layout.INFO
        if not path.is_file():
            raise NoDataset(f"{folder} is no LeRobot dataset: it has no {layout.INFO}.")
        try:
            info = mapping(json_of(read_text(path), str(path)), str(path))
            features = mapping(info.get("features"), f"'features' of {path}")
        except UserError as error:
            raise NoDataset(str(error)) from None
        self._where = str(path)
        self.version = info.get("codebase_version")
        if self.version not in READ:
            raise NoDataset(
                f"{folder} is a LeRobot dataset {shown(self.version)}: expected {' or '.join(READ)}. LeRobot converts "
                "older ones (python -m lerobot.scripts.convert_dataset_v21_to_v30)."
            )
        self.rate = self._number(info.get("fps"), "fps", 0, _FASTEST)
        robot = info.get("robot_type")
        self.robot = layout.plain_text(robot) if isinstance(robot, str) else "unknown"
        self.chunk = int(self._number(info.get("chunks_size", layout.FILES_A_CHUNK), "chunks_size", 0, 10**9))
        self.data_path = PathTemplate(info.get("data_path", layout.DATA_PATH), f"'data_path' of {path}")
        if len(features) > _MOST_FEATURES:
            raise NoDataset(f"{path} has {len(features)} features: expected at most {_MOST_FEATURES}.")
        self.untaken: list[str] = []
        self.cameras = tuple(filter(None, (self._camera(key, mapping(f, key)) for key, f in features.items())))
        self.video_path = None
        if any(camera.video for camera in self.cameras):
            self.video_path = PathTemplate(info.get("video_path", layout.VIDEO_PATH), f"'video_path' of {path}")
        self.state = self._vector(layout.STATE, features, "joint")
        self.action = self._vector(layout.ACTION, features, "action")
        self.positions = self._positions(features)
        self.subtasks = layout.SUBTASK in features
        vectors = filter(None, (self.state, self.action, self.positions))
        taken = {feature.key for feature in (*self.cameras, *vectors)}
        promised = info.get("total_episodes")
        self.promised = promised if type(promised) is int else None
        told = {line.split(" ", 1)[0] for line in self.untaken}
        self.untaken += [
            f"{layout.plain_text(key)} is not read" for key in features if key not in {*taken, *told, *_OWN_COLUMNS}
        ]

    def _number(self, value: Any, what: str, low: float, high: float) -> float:
        """A number above ``low`` and up to ``high``."""
        fine = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not fine or not low < value <= high:
            raise NoDataset(f"Expected '{what}' of {self._where} as a number up to {high:g}, not {shown(value)}.")
        return value

    def _shape(self, key: str, feature: Mapping) -> tuple[int, ...]:
        shape = feature.get("shape")
        if not isinstance(shape, list) or not all(type(n) is int and 0 < n <= MAX_PIXELS for n in shape):
            raise NoDataset(f"Expected the shape of '{key[:80]}' in {self._where} as whole numbers, not {shape!r:.80}.")
        return tuple(shape)

    def _vector(self, key: str, features: Mapping, word: str) -> VectorFeature | None:
        if key not in features:
            return None
        feature = mapping(features[key], key)
        shape = self._shape(key, feature)
        if feature.get("dtype") not in _NUMBERS or len(shape) > 1 or math.prod(shape) > _MOST_NUMBERS:
            raise NoDataset(
                f"Expected '{key}' in {self._where} as numbers of the shape (N,), N up to {_MOST_NUMBERS}, not "
                f"{shown(feature.get('dtype'))} of the shape {shape}."
            )
        return VectorFeature(key, _names(feature.get("names"), math.prod(shape), word))

    def _positions(self, features: Mapping) -> VectorFeature | None:
        """The column of objects' positions, where its names say that it is one."""
        if layout.OBJECTS not in features:
            return None
        feature = mapping(features[layout.OBJECTS], layout.OBJECTS)
        names, shape = feature.get("names"), self._shape(layout.OBJECTS, feature)
        texts = isinstance(names, list) and all(isinstance(name, str) for name in names) and shape == (len(names),)
        objects = [name[:-2] for name in names[::3]] if texts else []
        if not texts or feature.get("dtype") not in _NUMBERS or "" in objects or len(set(objects)) < len(objects):
            return None
        return VectorFeature(layout.OBJECTS, tuple(names)) if names == layout.axes(objects) else None

    def _camera(self, key: str, feature: Mapping) -> CameraFeature | None:
        kind, info = feature.get("dtype"), feature.get("info")
        if not isinstance(kind, str):
            raise NoDataset(f"Expected the dtype of '{key[:80]}' in {self._where} as text, not {shown(kind)}.")
        if kind not in ("video", "image"):
            return None
        shape = self._shape(key, feature)
        size = shape[1:] if len(shape) == 3 and shape[0] == 3 and shape[2] != 3 else shape[:2]
        info = info if isinstance(info, dict) else {}
        if info.get("is_depth_map") or info.get("video.is_depth_map") or len(shape) != 3 or 3 not in shape[::2]:
            self.untaken.append(f"{layout.plain_text(key)} is not read: it shows no colours")
            return None
        if math.prod(size) > MAX_PIXELS:
            raise NoDataset(f"'{key[:80]}' in {self._where} has pictures of {size[1]}x{size[0]}: too large.")
        name = key.removeprefix(layout.IMAGES).removeprefix("observation.")
        return CameraFeature(key, name, (size[0], size[1]), kind == "video")


def _inside(folder: Path, name: str) -> Path:
    """As `inside`; in a snapshot of the Hugging Face cache every file is a link to a blob beside it."""
    if folder.resolve().parent.name == "snapshots" and ".." not in Path(name).parts:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve().parents[1] / "blobs"):
            return path
    return inside(folder, name)


def whole(value: Any, what: str, most: int = _LARGEST_INDEX) -> int:
    """A whole number from 0 on, of a dataset's tables.

    Raises:
        NoDataset: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise NoDataset(f"Expected {what} as a whole number from 0 to {most}, not {shown(value)}.")
    return value


def _names(names: Any, count: int, word: str) -> tuple[str, ...]:
    """The names of a column's numbers; numbered where the dataset does not name each once."""
    if isinstance(names, dict):
        names = next(iter(names.values()), None)
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        plain = tuple(map(layout.plain_text, names))
        if len(set(plain)) == count == len(plain) and all(plain):
            return plain
    return tuple(f"{word}_{number}" for number in range(count))
