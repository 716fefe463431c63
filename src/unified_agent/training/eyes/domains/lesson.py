# SPDX-License-Identifier: Apache-2.0
"""What a CLIP for domains is made like and taught, and how well it then tells their states apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from unified_agent.training.eyes.domains import Caption, Domain, checked_moments
from unified_agent.training.eyes.frames import UNKNOWN
from unified_agent.training.eyes.train_clip import Lesson
from unified_agent.training.reward.measures import auc
from unified_agent.vision.clip import FRAMES, Clip

# As the tabletop's, at half its size. Pictures are squashed into a square: what happens at their sides is seen too.
ARCHITECTURE = {
    "model_cfg": {
        "embed_dim": 128,
        "init_logit_scale": math.log(10.0),
        "init_logit_bias": -4.0,
        "vision_cfg": {"image_size": 64, "layers": [1, 2, 2, 1], "width": 16, "head_width": 64},
        "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 2},
    },
    "preprocess_cfg": {"interpolation": "bilinear", "resize_mode": "squash"},
}


def lesson(captions: Sequence[Caption]) -> Lesson:
    """Of captions in the order of the truth's columns."""
    return Lesson(
        tuple(caption.wordings for caption in captions),
        tuple(caption.thing for caption in captions),
        ARCHITECTURE,
        disturbed,
    )


def disturbed(frames: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Exposure, white balance, black level and sensor noise, in every frame others; nothing moves or is mirrored.

    Args:
        frames: uint8 RGB, shape (N, H, W, 3).

    Returns:
        uint8, the same shape.
    """
    each = (len(frames), 1, 1)
    exposure = torch.empty(*each, 1).uniform_(0.85, 1.15, generator=generator)
    balance = torch.empty(*each, 3).uniform_(0.93, 1.07, generator=generator)
    lift = torch.empty(*each, 1).uniform_(-15.0, 15.0, generator=generator)
    noise = torch.empty(*each, 1).uniform_(0.0, 6.0, generator=generator)
    pixels = frames * (exposure * balance) + lift + noise * torch.randn(frames.shape, generator=generator)
    return pixels.clamp_(0, 255).to(torch.uint8)


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


def sight(clip: Clip, domain: Domain, states: int, seed: int) -> tuple[Sight, np.ndarray, np.ndarray]:
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
