# SPDX-License-Identifier: Apache-2.0
"""What a camera may change about a frame without changing what is true in it."""

from collections.abc import Callable

import cv2
import numpy as np
import torch

SHIFT = 6  # the most a frame is moved, pixels
HUE = 0.08  # the most that hues are turned, of a circle of 1: a red box stays red
TURNED = 0.5  # the share of frames whose hues are turned
SOFT = 0.3  # the share of frames that are blurred
NOISY = 0.5  # the share of frames that get sensor noise
CODED = 0.3  # the share of frames that went through a lossy codec


def augment(frames: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Frames moved, mirrored, recoloured, re-lit, blurred, made noisy and coded, each in its own way.

    A mirrored frame stays true: no caption speaks of left or right.

    Args:
        frames: uint8 RGB, shape (N, H, W, 3).
        generator: where chance comes from.

    Returns:
        uint8, the same shape.
    """

    def drawn(low: float, high: float) -> list[float]:
        return torch.empty(len(frames)).uniform_(low, high, generator=generator).tolist()

    shares = torch.tensor([[TURNED], [SOFT], [NOISY], [CODED]])
    turned, soft, noisy, coded = torch.rand(4, len(frames), generator=generator) < shares
    hues, widths, qualities = drawn(-HUE, HUE), drawn(0.4, 1.3), drawn(30, 96)
    pixels = _move(frames, generator)
    _each(pixels, turned, recoloured, hues)
    pixels = _relight(pixels.float(), generator)
    _each(pixels, soft, blurred, widths)
    deviation = torch.empty(int(noisy.sum()), 1, 1, 1).uniform_(0.0, 5.0, generator=generator)
    pixels[noisy] += torch.randn(pixels[noisy].shape, generator=generator) * deviation
    pixels = pixels.clamp_(0, 255).to(torch.uint8)
    _each(pixels, coded, through_jpeg, [int(quality) for quality in qualities])
    return pixels


def recoloured(frame: np.ndarray, turn: float) -> np.ndarray:
    """A frame, uint8 RGB, whose hues are turned by that share of the circle."""
    hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.uint8(round(256 * turn) % 256)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)


def blurred(frame: np.ndarray, sigma: float) -> np.ndarray:
    """A frame out of focus: a Gaussian of that deviation, pixels."""
    return cv2.GaussianBlur(frame, (0, 0), sigma)


def through_jpeg(frame: np.ndarray, quality: int) -> np.ndarray:
    """A frame, uint8 RGB, coded and decoded with a loss; quality of 1 to 100."""
    _, coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def _each(frames: torch.Tensor, chosen: torch.Tensor, change: Callable, amounts: list) -> None:
    """Change the chosen frames in place, each by its own amount."""
    shown = frames.numpy()
    for i in torch.nonzero(chosen).flatten().tolist():
        shown[i] = change(shown[i], amounts[i])


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

    contrast, exposure, balance = spread(0.8, 1.2), spread(0.55, 1.25), spread(0.93, 1.07, 3)
    gain = contrast * exposure * balance
    lift = (1 - contrast) * 128 * exposure * balance + spread(-15.0, 15.0)
    return pixels.mul_(gain).add_(lift)
