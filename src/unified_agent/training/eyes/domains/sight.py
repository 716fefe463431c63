# SPDX-License-Identifier: Apache-2.0
"""How well a CLIP tells the states of a domain apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from unified_agent.training.eyes.domains import CaptionedDomain, checked_moments
from unified_agent.training.eyes.frames import UNKNOWN
from unified_agent.training.reward.measures import auc
from unified_agent.vision.clip import FRAMES, Clip


@dataclass(frozen=True)
class Sight:
    """How well a CLIP sees a domain.

    Attributes:
        domain: its name.
        states: looked at.
        top1: of each kind of captions, how often the one that holds scores highest among them.
        auc: of each sentence.
    """

    domain: str
    states: int
    top1: dict[str, float]
    auc: dict[str, float]


def cosines(clip: Clip, pictures: Sequence[np.ndarray], sentences: Sequence[str]) -> np.ndarray:
    """Of each picture, (H, W, 3), with each sentence: float32, shape (N, M)."""
    texts = clip.encode_text(sentences).T
    at_once = FRAMES[clip.device.type]
    starts = range(0, len(pictures), at_once)
    found = [clip.encode_image(np.stack(pictures[start : start + at_once])) @ texts for start in starts]
    return torch.cat(found).cpu().numpy()


def sight(clip: Clip, domain: CaptionedDomain, states: int, seed: int) -> tuple[Sight, np.ndarray, np.ndarray]:
    """How well a CLIP sees a domain in its own pictures, whole and unchanged.

    Returns:
        Also the cosines and the truth, shape (N, M) each.
    """
    rng = np.random.default_rng((9, seed))  # of collection's splits none has the number 9
    seen, truth = [], []
    sentences = [caption.sentence for caption in domain.captions]
    held_out, batch = checked_moments(domain, rng, states), []
    for _, picture, holds in tqdm(held_out, total=states, unit="state", desc=f"test, {domain.name}", mininterval=2):
        batch.append(picture)
        truth.append(holds)
        if len(batch) == 256:
            seen.append(cosines(clip, batch, sentences))
            batch = []
    seen += [cosines(clip, batch, sentences)] if batch else []
    scores, truth = np.concatenate(seen), np.stack(truth)
    kinds = [caption.kind for caption in domain.captions]
    columns = zip(scores.T, truth.T, strict=True)
    each = dict(zip(sentences, (auc(c[t == 1], c[t == 0]) for c, t in columns), strict=True))
    return Sight(domain.name, states, _top1(scores, truth, kinds), each), scores, truth


def _top1(scores: np.ndarray, truth: np.ndarray, kinds: Sequence[str]) -> dict[str, float]:
    """Over the states of which it is known which caption of a kind holds; kinds of one caption are left out."""
    found = {}
    for kind in dict.fromkeys(kinds):
        columns = np.flatnonzero(np.array(kinds) == kind)
        known = (truth[:, columns] == 1).any(axis=1) & (truth[:, columns] != UNKNOWN).all(axis=1)
        if len(columns) > 1 and known.any():
            best = scores[known][:, columns].argmax(axis=1)
            found[kind] = float((best == truth[known][:, columns].argmax(axis=1)).mean())
    return found
