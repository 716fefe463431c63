# SPDX-License-Identifier: Apache-2.0
"""Collecting labelled frames: the same shard for the same split and number, whenever it is made."""

from enum import IntEnum
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.robot.arm import Arm
from unified_agent.training.eyes.frames import LabelledMoments, Shard
from unified_agent.training.eyes.staging import Stage

MOMENTS_A_SHARD = 500
PLAIN = 4
"""Every fourth shard shows the world without randomisation."""


class Split(IntEnum):
    """What moments are for; the splits share no seed, and so no start, light or camera pose."""

    TRAIN = 0
    CALIBRATION = 1
    TEST = 2


def collect(folder: Path, split: Split, moments: int, arm: Arm) -> LabelledMoments:
    """At least so many moments of a split; shards that lie in the folder already are taken from there."""
    if moments < 1:
        raise UserError(f"At least 1 moment must be collected, not {moments}.")
    paths = [folder / arm.name / split.name.lower() / f"{i:04d}" for i in range(-(-moments // MOMENTS_A_SHARD))]
    missing = [i for i, path in enumerate(paths) if not Shard.exists(path)]
    for i in tqdm(missing, unit="shard", desc=f"{split.name.lower()} moments", disable=not missing):
        _shard(Stage(arm, randomise=i % PLAIN != PLAIN - 1), np.random.default_rng((split, i))).save(paths[i])
    return LabelledMoments([Shard.load(path) for path in paths])


def _shard(stage: Stage, rng: np.random.Generator) -> Shard:
    try:
        kinds, frames, truth = zip(*islice(stage.moments(rng), MOMENTS_A_SHARD), strict=True)
    finally:
        stage.world.close()
    return Shard(np.stack(frames), np.stack(truth), np.array(kinds))
