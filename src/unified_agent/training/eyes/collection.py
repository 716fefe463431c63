# SPDX-License-Identifier: Apache-2.0
"""Collecting labelled frames: the same shard for the same split and number, whenever it is made."""

from enum import IntEnum
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from unified_agent.errors import UserError, in_range
from unified_agent.folders import OwnFolder
from unified_agent.robot.arm import Arm
from unified_agent.training.eyes.frames import LabelledMoments, Shard
from unified_agent.training.eyes.shifts import SCENES
from unified_agent.training.eyes.staging import Stage
from unified_agent.training.runs import arm_identity

KIND = "labelled frames"
MOMENTS_A_SHARD = 500
PLAIN = 4
"""Every fourth shard shows the world without randomisation."""


class Split(IntEnum):
    """What moments are for; the splits share no seed, and so no start, light or camera pose."""

    TRAIN = 0
    CALIBRATION = 1
    TEST = 2


def collect(folder: Path, split: Split, moments: int, arm: Arm, shift: str | None = None) -> LabelledMoments:
    """At least so many moments of a split; shards that lie in the folder already are taken from there.

    Args:
        shift: of ``shifts.SCENES``: the same moments, seen by moved cameras or under other lights.

    Raises:
        UserError: the folder holds frames of another arm of that name, another process collects into it, or it cannot
            be written.
    """
    in_range("moments", moments, 1, 10**8)
    if not arm.name.isprintable() or {"/", "\0"} & set(arm.name) or arm.name.strip(".") == "":
        raise UserError(f"The arm's name {arm.name[:80]!r} is none for a folder of frames.")
    splits = [one.name.lower() for one in Split]
    settings = {"arm": arm_identity(arm)}
    # 'train' holds what was learnt from before there were heaps: not to be mixed with these.
    place = "lessons" if split is Split.TRAIN else split.name.lower()
    place = place if shift is None else f"{place}, {shift}"
    # Frames of version 0.1 are taken over: they were of the arm that ships.
    with OwnFolder.claim(folder / arm.name, KIND, settings, adopts=lambda entry: entry.name in splits) as own:
        for name in (*splits, place):
            own.place(name)
        return _collected(folder / arm.name / place, split, moments, arm, shift)


def _collected(folder: Path, split: Split, moments: int, arm: Arm, shift: str | None) -> LabelledMoments:
    paths = [folder / f"{i:04d}" for i in range(-(-moments // MOMENTS_A_SHARD))]
    missing = [i for i, path in enumerate(paths) if not Shard.exists(path)]
    for i in tqdm(missing, unit="shard", desc=f"{folder.name} moments", disable=not missing):
        apart = None if shift is None else partial(SCENES[shift], rng=np.random.default_rng((split, i, 1)))
        stage = Stage(arm, i % PLAIN != PLAIN - 1, lessons=split is Split.TRAIN, shift=apart)
        _shard(stage, np.random.default_rng((split, i))).save(paths[i])
    return LabelledMoments([Shard.load(path) for path in paths])


def _shard(stage: Stage, rng: np.random.Generator) -> Shard:
    try:
        kinds, frames, truth, reasons = zip(*islice(stage.moments(rng), MOMENTS_A_SHARD), strict=True)
    finally:
        stage.world.close()
    return Shard(np.stack(frames), np.stack(truth), np.array(kinds), reasons=np.stack(reasons))
