# SPDX-License-Identifier: Apache-2.0
"""Collecting labelled frames: the same shard for the same split and number, whenever it is made."""

from enum import IntEnum
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.learning.frames import FrameSet, Shard
from unified_agent.learning.staging import Stage
from unified_agent.robot.arm import Arm

VIEWS_A_SHARD = 500
PLAIN = 4
"""Every fourth shard shows the world without randomisation."""


class Split(IntEnum):
    """What views are for; the splits share no seed, and so no start, light or camera pose."""

    TRAIN = 0
    CALIBRATION = 1
    TEST = 2


def collect(folder: Path, split: Split, views: int, arm: Arm) -> FrameSet:
    """At least so many views of a split; shards that lie in the folder already are taken from there."""
    if views < 1:
        raise UserError(f"At least 1 view must be collected, not {views}.")
    paths = [folder / arm.name / split.name.lower() / f"{i:04d}" for i in range(-(-views // VIEWS_A_SHARD))]
    missing = [i for i, path in enumerate(paths) if not Shard.exists(path)]
    for i in tqdm(missing, unit="shard", desc=f"{split.name.lower()} views", disable=not missing):
        _shard(Stage(arm, randomise=i % PLAIN != PLAIN - 1), np.random.default_rng((split, i))).save(paths[i])
    return FrameSet([Shard.load(path) for path in paths])


def _shard(stage: Stage, rng: np.random.Generator) -> Shard:
    try:
        kinds, frames, truth = zip(*islice(stage.views(rng), VIEWS_A_SHARD), strict=True)
    finally:
        stage.world.close()
    return Shard(np.stack(frames), np.stack(truth), np.array(kinds))
