# SPDX-License-Identifier: Apache-2.0
"""From camera frames to the tensor a CLIP image tower takes, without leaving torch."""

import numpy as np
import torch
from open_clip.transform import PreprocessCfg
from torch import nn
from torchvision.transforms.v2 import InterpolationMode, functional

from unified_agent.errors import UserError


class FrameError(UserError):
    """A frame that is not an RGB picture of bytes."""


class Preprocess(nn.Module):
    """Resize, crop and normalise, as the checkpoint's ``preprocess_cfg`` asks.

    Attributes:
        size: (height, width) of what comes out, pixels.
    """

    def __init__(self, config: PreprocessCfg, device: torch.device):
        super().__init__()
        self.size = tuple(config.size) if isinstance(config.size, (tuple, list)) else (config.size, config.size)
        self._mode = config.resize_mode
        self._interpolation = InterpolationMode(config.interpolation)
        self._fill = config.fill_color
        self._device = device
        mean, std = torch.tensor(config.mean, device=device), torch.tensor(config.std, device=device)
        # A value for each of a row's, not for each channel's: loops over three are what a processor is slow at.
        self._scale = std.mul(255.0).reciprocal().repeat(self.size[1])
        self._offset = (-mean / std).repeat(self.size[1])

    def forward(self, frames: np.ndarray) -> torch.Tensor:
        """float32, shape (N, 3, height, width), channels last, of uint8 RGB frames of shape (N, H, W, 3)."""
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
            raise FrameError(
                f"Expected RGB frames of bytes, shape (N, H, W, 3), not {frames.dtype} of shape {frames.shape}."
            )
        pixels = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device).permute(0, 3, 1, 2)
        if pixels.shape[-2:] != self.size:
            pixels = self._resize(pixels)
        rows = pixels.permute(0, 2, 3, 1).flatten(2).to(torch.float32)
        return torch.addcmul(self._offset, rows, self._scale).unflatten(2, (-1, 3)).permute(0, 3, 1, 2)

    def reshaping(self, height: int, width: int) -> str:
        """What frames of this size lose or gain on the way, in a sentence to tell people; empty: nothing but pixels."""
        vertical, across = self.size[0] / height, self.size[1] / width
        said = f"Frames of {width}x{height} are brought to {self.size[1]}x{self.size[0]}"
        if max(vertical, across) / min(vertical, across) < 1.01:
            return ""
        if self._mode == "squash":
            narrower, way = (across, "narrower") if across < vertical else (vertical, "lower")
            times = max(vertical, across) / narrower
            return f"{said} by squashing: things look {times:.2g} times {way} to this CLIP than they are."
        share = 50 * (1 - min(vertical, across) / max(vertical, across))
        if self._mode == "longest":
            sides = "above and below" if across < vertical else "left and right"
            return f"{said} with bars {sides}, {share:.0f}% of what this CLIP sees each."
        sides = "left and right" if across < vertical else "above and below"
        return f"{said} by cropping: {share:.0f}% {sides} is never seen by this CLIP."

    def _resize(self, pixels: torch.Tensor) -> torch.Tensor:
        height, width = pixels.shape[-2:]
        if self._mode == "squash":
            return functional.resize(pixels, list(self.size), self._interpolation)
        if self._mode == "shortest" and self.size[0] == self.size[1]:
            # Not by a ratio: of the longer edge, torchvision leaves the fraction of a pixel away.
            pixels = functional.resize(pixels, [self.size[0]], self._interpolation)
            return functional.center_crop(pixels, list(self.size))
        ratios = self.size[0] / height, self.size[1] / width
        ratio = min(ratios) if self._mode == "longest" else max(ratios)
        pixels = functional.resize(pixels, [round(height * ratio), round(width * ratio)], self._interpolation)
        missing = [max(0, size - have) for size, have in zip(self.size, pixels.shape[-2:], strict=True)]
        if any(missing):
            top, left = missing[0] // 2, missing[1] // 2
            pixels = functional.pad(pixels, [left, top, missing[1] - left, missing[0] - top], fill=self._fill)
        return functional.center_crop(pixels, list(self.size))
