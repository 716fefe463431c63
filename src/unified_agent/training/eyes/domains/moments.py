# SPDX-License-Identifier: Apache-2.0
"""Labelled moments of domains: drawn, reduced, restyled, and joined where one CLIP is to know several."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from unified_agent.errors import in_range
from unified_agent.folders import OwnFolder
from unified_agent.training.eyes.collection import KIND, MOMENTS_A_SHARD, Split
from unified_agent.training.eyes.domains import CaptionedDomain, checked_moments
from unified_agent.training.eyes.domains.restyling import restyled
from unified_agent.training.eyes.frames import LabelledMoments, Shard

SIDE = 96
"""Of stored pictures, pixels: half as much again as the CLIP looks at, and a square as it sees them."""


def collect(
    folder: Path, split: Split, moments: int, domain: CaptionedDomain, randomise: bool = True
) -> LabelledMoments:
    """At least so many moments of a split, seen by one camera; shards in the folder already are taken from there.

    Args:
        randomise: backgrounds, colours, light and camera are drawn anew for each picture, but for every second shard.

    Raises:
        UserError: the folder holds frames of another domain of that name, another process collects into it, it cannot
            be written, or the domain is no whole `CaptionedDomain`.
    """
    in_range("moments", moments, 1, 10**8)
    name = domain.name if randomise else f"{domain.name}-plain"
    with OwnFolder.claim(folder / name, KIND, {"domain": identity(domain, randomise)}) as own:
        own.place(split.name.lower())
        paths = [own.path / split.name.lower() / f"{i:04d}" for i in range(-(-moments // MOMENTS_A_SHARD))]
        missing = [i for i, path in enumerate(paths) if not Shard.exists(path)]
        for i in tqdm(missing, unit="shard", desc=f"{name}, {split.name.lower()}", disable=not missing):
            styled = randomise and i % 2 == 0
            drawn(domain, np.random.default_rng((split, i)), MOMENTS_A_SHARD, styled).save(paths[i])
        return LabelledMoments([Shard.load(path) for path in paths])


def drawn(domain: CaptionedDomain, rng: np.random.Generator, count: int, randomise: bool) -> Shard:
    """So many moments of a domain, in memory."""
    frames, truth, states = [], [], []
    for state, picture, holds in checked_moments(domain, rng, count):
        small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        frames.append(restyled(small, domain.palette, rng) if randomise else small)
        truth.append(holds)
        states.append(state)
    return Shard(np.stack(frames)[:, None], np.stack(truth), np.full(count, domain.name), np.stack(states))


def identity(domain: CaptionedDomain, randomise: bool = True) -> str:
    """Name and fingerprint (SHA-256, shortened) of its sentences and of a few moments."""
    few = drawn(domain, np.random.default_rng(0), 8, randomise)
    found = hashlib.sha256("\n".join(w for caption in domain.captions for w in caption.wordings).encode())
    found.update(few.frames.tobytes() + few.truth.tobytes())
    return f"{domain.name} {found.hexdigest()[:16]}"


def joined(parts: Sequence[LabelledMoments]) -> LabelledMoments:
    """Moments of several domains as one set: in each, the captions of the others are false."""
    if len(parts) == 1:
        return parts[0]
    widths = [part.truth.shape[1] for part in parts]
    shards = []
    for number, part in enumerate(parts):
        before, after = sum(widths[:number]), sum(widths[number + 1 :])
        padded = ((0, 0), (before, after))
        shards += [replace(shard, truth=np.pad(shard.truth, padded)) for shard in part.shards]
    return LabelledMoments(shards)
