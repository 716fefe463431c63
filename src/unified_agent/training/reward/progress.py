# SPDX-License-Identifier: Apache-2.0
"""Rewards of a LeRobot dataset in the file that LeRobot's own reward models write, and its trainer reads."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.csv import ConvertOptions, read_csv

from unified_agent.training.reward.figures import STILL
from unified_agent.training.reward.scoring import DATASET_COLUMNS

FILE = "clip_progress.parquet"
"""As theirs are called: ``sarm_progress.parquet``, ``topreward_progress.parquet``."""
_KINDS = {name: pa.int64() for name in DATASET_COLUMNS[:3]} | {"reward": pa.float32(), "familiar": pa.bool_()}
_READ = ConvertOptions(column_types=_KINDS, include_columns=list(_KINDS))


def write_progress(tables: Sequence[Path], path: Path, model: str) -> None:
    """Write one row a frame of a dataset, in the order of its indices.

    Columns ``index``, ``episode_index``, ``frame_index`` and ``progress_sparse``, as LeRobot's `RABCWeights` reads
    them, then our ``reward`` and ``familiar``. The progress is the reward from 0 (the dataset's lowest) to 1 (its
    highest). LeRobot's TOPReward scales each episode by itself, so that every failure ends at 1 as well; here
    episodes can be compared.

    Args:
        tables: of the episodes, as `score_episode` writes them.
        model: what the metadata's ``reward_model_path`` says.
    """
    rows = pa.concat_tables([read_csv(table, convert_options=_READ) for table in tables]).sort_by("index")
    rewards = rows["reward"].to_numpy()
    low, high = float(rewards.min()), float(rewards.max())
    progress = (rewards - low) / (high - low) if high - low >= STILL else np.zeros_like(rewards)
    columns = {name: rows[name] for name in DATASET_COLUMNS[:3]} | {"progress_sparse": progress.astype(np.float32)}
    table = pa.table(columns | {"reward": rows["reward"], "familiar": rows["familiar"]})
    pq.write_table(table.replace_schema_metadata({"reward_model_path": model}), path)
