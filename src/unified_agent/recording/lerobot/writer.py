# SPDX-License-Identifier: Apache-2.0
"""Writes a LeRobotDataset v3.0, episode by episode: a Parquet file and a video of each camera for each."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.recording.lerobot import layout
from unified_agent.recording.lerobot.rows import Row
from unified_agent.recording.lerobot.statistics import PixelStatistics, of_vectors
from unified_agent.recording.video import VideoWriter


@dataclass(frozen=True)
class Shape:
    """What every episode of a dataset has.

    Attributes:
        joints: names, in the order of ``observation.state``.
        objects: names, in the order of ``observation.environment_state``; x, y, z each.
        sizes: camera -> (height, width), pixels.
        actions: names, in the order of ``action``; None where it is the state of the next row.
    """

    joints: tuple[str, ...]
    objects: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int]]
    actions: tuple[str, ...] | None = None

    @classmethod
    def of(cls, row: Row, cameras: Iterable[str]) -> "Shape":
        """That of a row."""
        sizes = {camera: frame.shape[:2] for camera, frame in zip(cameras, row.frames, strict=True)}
        return cls(tuple(row.joints), tuple(row.objects), sizes, None if row.action is None else tuple(row.action))

    @classmethod
    def restored(cls, saved: Mapping) -> "Shape":
        """Of what `dataclasses.asdict` made of one."""
        sizes = {str(camera): (int(height), int(width)) for camera, (height, width) in saved["sizes"].items()}
        actions = None if saved["actions"] is None else tuple(saved["actions"])
        return cls(tuple(saved["joints"]), tuple(saved["objects"]), sizes, actions)


class DatasetWriter:
    """A dataset in a folder of ours; `close` writes what makes it one.

    Where the shape names no actions, ``action`` is the joints' position at the next row (the last one's own at the
    end): what was reached, not what was commanded.

    Args:
        folder: claimed; held by the caller.
        rate: frames a second.
        shape: of every episode.
        robot: its name, for ``info.json``.
    """

    def __init__(self, folder: OwnFolder, rate: int, shape: Shape, robot: str = "unknown"):
        self._folder, self._rate, self._shape, self._robot = folder, rate, shape, robot
        self._tasks: dict[str, int] = {}
        self._subtasks: dict[str, int] = {}
        self._pixels = {camera: PixelStatistics() for camera in shape.sizes}
        self._columns: dict[str, list[np.ndarray]] = {}
        self._episodes = self._rows = 0

    def state(self) -> dict:
        """What is known of the episodes written so far, as plain values."""
        return {
            "rate": self._rate,
            "robot": self._robot,
            "shape": asdict(self._shape),
            "tasks": self._tasks,
            "subtasks": self._subtasks,
            "pixels": {camera: pixels.state() for camera, pixels in self._pixels.items()},
            "episodes": self._episodes,
            "rows": self._rows,
        }

    @classmethod
    def restored(cls, folder: OwnFolder, state: dict) -> "DatasetWriter":
        """Go on after the episodes that `state` tells of, in the same folder; what came later is written anew.

        Raises:
            OSError, ValueError, KeyError, TypeError: it is not what `state` told, or files are missing.
        """
        writer = cls(folder, state["rate"], Shape.restored(state["shape"]), state["robot"])
        writer._tasks, writer._subtasks = state["tasks"], state["subtasks"]
        writer._pixels = {camera: PixelStatistics(**pixels) for camera, pixels in state["pixels"].items()}
        writer._episodes, writer._rows = state["episodes"], state["rows"]
        for number in range(writer._episodes):
            table = pq.ParquetFile(folder.path / layout.DATA_PATH.format(**layout.place(number))).read()
            for name in table.column_names:
                rows = np.array(table[name].to_pylist())
                writer._columns.setdefault(name, []).append(rows.reshape(len(rows), -1))
        return writer

    @property
    def shape(self) -> Shape:
        """Of every episode."""
        return self._shape

    @property
    def episodes(self) -> int:
        """Written so far."""
        return self._episodes

    def add(self, rows: Iterable[Row], task: str) -> int:
        """Write an episode.

        Args:
            task: its instruction.

        Returns:
            Its rows.

        Raises:
            UserError: no row, or one that is not of the dataset's shape.
        """
        names = {camera: self._video(camera) for camera in self._shape.sizes}
        videos: dict[str, VideoWriter] = {}
        pixels = {camera: PixelStatistics() for camera in self._shape.sizes}
        states, actions, objects, subgoals = [], [], [], []
        try:
            for camera, name in names.items():
                videos[camera] = VideoWriter(self._folder.place(name), self._rate, streamed=False)
            for row in rows:
                self._check(row)
                for (camera, video), frame in zip(videos.items(), row.frames, strict=True):
                    video.write(frame)
                    pixels[camera].add(frame)
                states.append([row.joints[name] for name in self._shape.joints])
                actions.append([row.action[name] for name in self._shape.actions or ()])
                objects.append([value for name in self._shape.objects for value in row.objects[name]])
                subgoals.append(row.subgoal or layout.IDLE)
            for video in videos.values():
                video.close()
            if not states:
                raise UserError("An episode needs one row at least: frames of all cameras, and joint states.")
        except BaseException:
            for video in videos.values():
                with suppress(Exception):
                    video.close()
            for name in names.values():
                if self._folder.owns(name):
                    self._folder.remove(name)
            raise
        numbers = [self._subtasks.setdefault(subgoal, len(self._subtasks)) for subgoal in subgoals]
        self._pixels = {camera: self._pixels[camera] + pixels[camera] for camera in pixels}
        state = np.array(states, np.float32)
        follows = self._shape.actions is None
        action = np.concatenate([state[1:], state[-1:]]) if follows else np.array(actions, np.float32)
        self._write(state, action, np.array(objects, np.float32), np.array(numbers), task)
        return len(states)

    def close(self) -> None:
        """Write names, counts and statistics."""
        pq.write_table(layout.text_table(list(self._tasks), layout.TASK), self._folder.place(layout.TASKS))
        pq.write_table(layout.text_table(list(self._subtasks), layout.SUBTASK), self._folder.place(layout.SUBTASKS))
        statistics = {name: of_vectors(np.concatenate(parts)) for name, parts in self._columns.items()}
        statistics |= {layout.IMAGES + camera: pixels.result() for camera, pixels in self._pixels.items()}
        self._folder.write(layout.STATS, json.dumps(statistics, indent=4))
        self._folder.write(layout.INFO, json.dumps(self._info(), indent=4))

    def _video(self, camera: str) -> str:
        return layout.VIDEO_PATH.format(video_key=layout.IMAGES + camera, **layout.place(self._episodes))

    def _check(self, row: Row) -> None:
        shape = Shape.of(row, self._shape.sizes)
        missing = {*self._shape.joints, *self._shape.objects} - {*shape.joints, *shape.objects}
        missing |= {f"{name} (action)" for name in {*(self._shape.actions or ())} - {*(shape.actions or ())}}
        if missing or dict(shape.sizes) != dict(self._shape.sizes):
            raise UserError(
                f"Expected the joints, objects and sizes of the first episode ({', '.join(self._shape.joints)}; "
                f"{', '.join(self._shape.objects)}; {dict(self._shape.sizes)}); missing: "
                f"{', '.join(sorted(missing)) or 'none'}; sizes: {dict(shape.sizes)}. Export such recordings apart."
            )

    def _write(
        self, states: np.ndarray, actions: np.ndarray, objects: np.ndarray, subgoals: np.ndarray, task: str
    ) -> None:
        number, count = self._episodes, len(states)
        columns = {
            layout.STATE: states,
            layout.ACTION: actions,
            layout.OBJECTS: objects,
            layout.SUBTASK: subgoals.astype(np.int64)[:, None],
            "timestamp": (np.arange(count) / self._rate).astype(np.float32)[:, None],
            "frame_index": np.arange(count)[:, None],
            "episode_index": np.full((count, 1), number),
            "index": (self._rows + np.arange(count))[:, None],
            layout.TASK: np.full((count, 1), self._tasks.setdefault(task, len(self._tasks))),
        }
        columns = {name: values for name, values in columns.items() if values.shape[1]}
        for name, values in columns.items():
            self._columns.setdefault(name, []).append(values)
        table = pa.table({name: _arrow(name, values) for name, values in columns.items()})
        self._save(table, layout.DATA_PATH)
        row = {
            "episode_index": number,
            "tasks": [task],
            "length": count,
            "dataset_from_index": self._rows,
            "dataset_to_index": self._rows + count,
        }
        for part in ("data", "meta/episodes", *(f"videos/{layout.IMAGES}{camera}" for camera in self._shape.sizes)):
            row |= {f"{part}/{key}": value for key, value in layout.place(number).items()}
        for camera in self._shape.sizes:
            row |= {f"videos/{layout.IMAGES}{camera}/from_timestamp": 0.0}
            row |= {f"videos/{layout.IMAGES}{camera}/to_timestamp": count / self._rate}
        self._save(pa.Table.from_pylist([row]), layout.EPISODES_PATH)
        self._episodes, self._rows = number + 1, self._rows + count

    def _save(self, table: pa.Table, pattern: str) -> None:
        pq.write_table(table, self._folder.place(pattern.format(**layout.place(self._episodes))))

    def _info(self) -> dict:
        features: dict[str, dict] = {}
        for camera, (height, width) in self._shape.sizes.items():
            features[layout.IMAGES + camera] = {
                "dtype": "video",
                "shape": [height, width, 3],
                "names": ["height", "width", "channels"],
                "info": {
                    "video.height": height,
                    "video.width": width,
                    "video.codec": "h264",
                    "video.pix_fmt": "yuv420p",
                    "video.is_depth_map": False,
                    "video.fps": self._rate,
                    "video.channels": 3,
                    "has_audio": False,
                },
            }
        objects = layout.axes(self._shape.objects)
        joints = list(self._shape.joints)
        actions = joints if self._shape.actions is None else list(self._shape.actions)
        for name, names in ((layout.STATE, joints), (layout.ACTION, actions), (layout.OBJECTS, objects)):
            if names:
                features[name] = {"dtype": "float32", "shape": [len(names)], "names": names}
        if joints and self._shape.actions is None:
            features[layout.ACTION]["info"] = {"source": "observation.state of the next frame"}
        for name, kind in (layout.SCALARS | {layout.SUBTASK: "int64"}).items():
            features[name] = {"dtype": kind, "shape": [1], "names": None}
        return {
            "codebase_version": layout.VERSION,
            "robot_type": self._robot,
            "total_episodes": self._episodes,
            "total_frames": self._rows,
            "total_tasks": len(self._tasks),
            "chunks_size": layout.FILES_A_CHUNK,
            "data_files_size_in_mb": 100,
            "video_files_size_in_mb": 200,
            "fps": self._rate,
            "splits": {"train": f"0:{self._episodes}"},
            "data_path": layout.DATA_PATH,
            "video_path": layout.VIDEO_PATH,
            "features": features,
        }


def _arrow(name: str, values: np.ndarray) -> pa.Array:
    if name in layout.SCALARS or name == layout.SUBTASK:
        return pa.array(values[:, 0])
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
