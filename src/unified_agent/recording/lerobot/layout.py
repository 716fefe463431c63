# SPDX-License-Identifier: Apache-2.0
"""Where everything lies in a LeRobotDataset v3.0, and under what name."""

import json
import re
from collections.abc import Iterable, Sequence

import pyarrow as pa

VERSION = "v3.0"
INFO, STATS = "meta/info.json", "meta/stats.json"
TASKS, SUBTASKS = "meta/tasks.parquet", "meta/subtasks.parquet"
FILES_A_CHUNK = 1000
FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
DATA_PATH = f"data/{FILE}.parquet"
EPISODES_PATH = f"meta/episodes/{FILE}.parquet"
VIDEO_PATH = f"videos/{{video_key}}/{FILE}.mp4"

STATE, ACTION, OBJECTS = "observation.state", "action", "observation.environment_state"
IMAGES = "observation.images."
TASK, SUBTASK = "task_index", "subtask_index"
# The sub-goal of rows at which none is pursued.
IDLE = "idle"
SCALARS = {"timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64", TASK: "int64"}

# Where an imported recording has its actions, as joint states.
ACTION_TOPIC = "/action"
_LONGEST_NAME, _LONGEST_TEXT = 60, 1000


def place(number: int) -> dict[str, int]:
    """Chunk and file of the file with that number."""
    return {"chunk_index": number // FILES_A_CHUNK, "file_index": number % FILES_A_CHUNK}


def text_table(texts: Sequence[str], column: str) -> pa.Table:
    """Texts and their numbers, as pandas writes a table whose index is the text: that is how LeRobot reads it."""
    index = "__index_level_0__"
    described = {
        "index_columns": [index],
        "column_indexes": [],
        "columns": [
            {"name": column, "field_name": column, "pandas_type": "int64", "numpy_type": "int64", "metadata": None},
            {"name": None, "field_name": index, "pandas_type": "unicode", "numpy_type": "object", "metadata": None},
        ],
    }
    table = pa.table({column: pa.array(range(len(texts)), pa.int64()), index: pa.array(texts, pa.string())})
    return table.replace_schema_metadata({"pandas": json.dumps(described)})


def axes(objects: Iterable[str]) -> list[str]:
    """The names of objects' positions."""
    return [f"{name}.{axis}" for name in objects for axis in "xyz"]


def camera_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names that can be parts of a path, of a feature's name and of a ROS topic; equal ones are numbered."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:_LONGEST_NAME].strip("_")
        plain = plain if plain[:1].isalpha() else f"camera_{plain}".rstrip("_")
        numbered = (f"{plain}_{number}" for number in range(2, len(found) + 3))
        found.append(plain if plain not in found else next(one for one in numbered if one not in found))
    return tuple(found)


def plain_text(text: str) -> str:
    """A text of one line, of at most a thousand characters, that every encoding knows."""
    shorter = text[: 4 * _LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in shorter).split())[:_LONGEST_TEXT].strip()
