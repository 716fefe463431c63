# SPDX-License-Identifier: Apache-2.0
"""Which pictures a CLIP knows: how far a frame is from those that it was trained on, told from its own layers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from unified_agent.errors import UserError

FILE = "known_scenes.safetensors"
LIMIT = 64 * 2**20
"""Bytes of a description."""
_LAYERS = (1, 2, 3, 4)
# Of the variance of a direction, as a share of the mean one: what hardly varied among the known is no sure sign.
_SHRINKAGE = 1e-3
# A channel that is zero everywhere has a finite logarithm.
_FLOOR = 1e-3


class KnownScenes:
    """What the frames that a CLIP was trained on look like to its image tower.

    A frame is described by the logarithms of the mean and of the standard deviation of every channel behind some
    layers of the tower; its distance is Mahalanobis' (Lee et al. 2018, arXiv 1807.03888), divided by the square root
    of the number of entries: about 1 for a known one. The embedding itself would not do: it was trained to forget
    what the sentences do not speak of.

    Attributes:
        layers: of the tower, 1 to 4, behind which is looked.
        threshold: the distance above which a frame is unfamiliar.
    """

    def __init__(self, layers: Sequence[int], mean: torch.Tensor, whitening: torch.Tensor, threshold: float):
        """
        Args:
            mean: of the descriptions, shape (K,).
            whitening: to unit variance and no correlation, shape (K, K).
        """
        self.layers, self.threshold = tuple(layers), threshold
        self._mean, self._whitening = mean, whitening

    @classmethod
    def fit(cls, layers: Sequence[int], descriptions: np.ndarray) -> "KnownScenes":
        """From descriptions of known frames, shape (N, K), N > K; its threshold is infinite until it is set."""
        if len(descriptions) <= descriptions.shape[1]:
            raise UserError(
                f"{len(descriptions)} frames are too few to describe known scenes: expected more than "
                f"{descriptions.shape[1]}. Collect more moments."
            )
        mean = descriptions.mean(axis=0)
        variances, directions = np.linalg.eigh(np.cov(descriptions.T.astype(np.float64)))
        variances = np.maximum(variances, _SHRINKAGE * variances.mean())
        whitening = directions / np.sqrt(variances)
        tensors = (torch.from_numpy(part.astype(np.float32)) for part in (mean, whitening))
        return cls(layers, *tensors, float("inf"))

    @classmethod
    def beside(cls, folder: Path, device: torch.device | str = "cpu") -> "KnownScenes | None":
        """The description beside the weights in a folder; None without one.

        Raises:
            UserError: it is none, or it does not fit together.
        """
        path = folder / FILE
        if not path.exists():
            return None
        try:
            if not path.is_file() or path.stat().st_size > LIMIT:
                raise ValueError(f"expected a file of at most {LIMIT} bytes")
            parts = load_file(path)
            layers = tuple(map(int, parts["layers"].tolist()))
            mean, whitening, threshold = (parts[name].float() for name in ("mean", "whitening", "threshold"))
            if set(layers) - set(_LAYERS) or list(layers) != sorted(set(layers)) or not layers:
                raise ValueError(f"its layers are {layers}, expected some of {_LAYERS}")
            if mean.ndim != 1 or whitening.shape != (len(mean),) * 2 or threshold.shape != (1,):
                raise ValueError("its parts have shapes that do not fit together")
            if not all(part.isfinite().all() for part in (mean, whitening, threshold)):
                raise ValueError("it holds numbers that are not finite")
        except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
            raise UserError(
                f"{path} is no description of known scenes: {error}. Delete it, or make it anew with "
                "'unified-agent train-clip --describe'."
            ) from None
        return cls(layers, mean.to(device), whitening.to(device), float(threshold))

    def save(self, folder: Path) -> None:
        """Write it beside the weights in a folder."""
        parts = {
            "layers": torch.tensor(self.layers, dtype=torch.int64),
            "mean": self._mean,
            "whitening": self._whitening,
            "threshold": torch.tensor([self.threshold], dtype=torch.float32),
        }
        save_file({name: part.cpu().contiguous() for name, part in parts.items()}, folder / FILE)

    def fits(self, tower: torch.nn.Module) -> bool:
        """Whether it has as many entries as the layers of a tower (`folding.folded`) give."""
        channels = (list(getattr(tower, f"layer{layer}").children())[-1].conv3.out_channels for layer in self.layers)
        return 2 * sum(channels) == len(self._mean)

    def distances(self, descriptions: torch.Tensor) -> torch.Tensor:
        """Of frames from the known ones, shape (N,), of their descriptions (N, K)."""
        return ((descriptions - self._mean) @ self._whitening).square().mean(dim=1).sqrt()


def described(activations: Sequence[torch.Tensor]) -> torch.Tensor:
    """Descriptions of frames, shape (N, K), of what some layers of a tower give of them, each (N, C, H, W)."""
    parts = []
    for activation in activations:
        # Channels last in memory: a view, and the sums run over whole rows.
        pixels = activation.permute(0, 2, 3, 1).flatten(1, 2)
        mean = pixels.mean(dim=1)
        parts += [mean, (pixels.square().mean(dim=1) - mean.square()).clamp_min(0.0).sqrt()]
    return torch.cat(parts, dim=1).abs().add(_FLOOR).log()
