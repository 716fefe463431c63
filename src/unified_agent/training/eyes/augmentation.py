# SPDX-License-Identifier: Apache-2.0
"""What a camera may change about a frame without changing what is true in it."""

import torch
from torch.nn import functional

SHIFT = 6  # the most a frame is moved, pixels
SOFT = 0.15  # the share of frames that are blurred
NOISY = 0.5  # the share of frames that get sensor noise


def augment(frames: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Frames moved, mirrored, re-lit, blurred and made noisy, each in its own way.

    A mirrored frame stays true: no caption speaks of left or right.

    Args:
        frames: uint8 RGB, shape (N, H, W, 3).
        generator: where chance comes from.

    Returns:
        uint8, the same shape.
    """
    pixels = _relight(_move(frames, generator).float(), generator)
    soft, noisy = torch.rand(2, len(pixels), generator=generator) < torch.tensor([[SOFT], [NOISY]])
    pixels[soft] = _blur(pixels[soft])
    deviation = torch.empty(int(noisy.sum()), 1, 1, 1).uniform_(0.0, 5.0, generator=generator)
    pixels[noisy] += torch.randn(pixels[noisy].shape, generator=generator) * deviation
    return pixels.clamp_(0, 255).to(torch.uint8)


def _move(frames: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    count, height, width, _ = frames.shape
    down, right = torch.randint(-SHIFT, SHIFT + 1, (2, count, 1), generator=generator)
    rows = (down + torch.arange(height)).clamp_(0, height - 1)
    columns = (right + torch.arange(width)).clamp_(0, width - 1)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    return frames[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _relight(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Contrast about mid grey, exposure, white balance and black level: one gain and one lift a channel."""

    def spread(low: float, high: float, channels: int = 1) -> torch.Tensor:
        return torch.empty(len(pixels), 1, 1, channels).uniform_(low, high, generator=generator)

    contrast, exposure, balance = spread(0.8, 1.2), spread(0.8, 1.2), spread(0.93, 1.07, 3)
    gain = contrast * exposure * balance
    lift = (1 - contrast) * 128 * exposure * balance + spread(-15.0, 15.0)
    return pixels.mul_(gain).add_(lift)


def _blur(pixels: torch.Tensor) -> torch.Tensor:
    padded = functional.pad(pixels.permute(0, 3, 1, 2), (1,) * 4, mode="replicate")
    return functional.avg_pool2d(padded, 3, stride=1).permute(0, 2, 3, 1)
