# SPDX-License-Identifier: Apache-2.0
"""What a CLIP for domains is made like, and what it is taught."""

from collections.abc import Sequence

import torch

from unified_agent.training.eyes import train_clip
from unified_agent.training.eyes.domains import Caption
from unified_agent.training.eyes.train_clip import Syllabus

_MODEL = train_clip.ARCHITECTURE["model_cfg"]
ARCHITECTURE = {
    "model_cfg": {**_MODEL, "vision_cfg": {**_MODEL["vision_cfg"], "image_size": 64}},
    "preprocess_cfg": {**train_clip.ARCHITECTURE["preprocess_cfg"], "resize_mode": "squash"},
}
"""The tabletop's, at half its size. Pictures are squashed into a square: what happens at their sides is seen too."""


def syllabus(captions: Sequence[Caption]) -> Syllabus:
    """Of captions in the order of the truth's columns."""
    return Syllabus(
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
