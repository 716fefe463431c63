# SPDX-License-Identifier: Apache-2.0
"""CLIP: frames and sentences as unit vectors in one space, from any checkpoint that open_clip can read."""

import hashlib
import json
import pickle
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import open_clip
import torch
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from open_clip.transform import PreprocessCfg
from safetensors import SafetensorError
from torch.nn import functional

from unified_agent.device import torch_device
from unified_agent.errors import UserError, nearest
from unified_agent.paths import models
from unified_agent.vision.folding import folded
from unified_agent.vision.preprocess import Preprocess

CONFIG, WEIGHTS, CARD = "open_clip_config.json", "model.safetensors", "card.json"
HUB = open_clip.factory.HF_HUB_PREFIX
FOLDER = open_clip.factory.LOCAL_DIR_PREFIX
_UNREADABLE = (
    AssertionError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    pickle.UnpicklingError,
    SafetensorError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
)


class ClipError(UserError):
    """A CLIP checkpoint that cannot be had or read."""


class Clip:
    """A CLIP model ready to encode.

    Attributes:
        model: the open_clip model, in evaluation mode; its image tower is copied when ``Clip`` is made.
        card: what ``card.json`` beside the weights says (its detection thresholds among it); empty without one.
        device: where it computes.
    """

    def __init__(self, model: torch.nn.Module, tokenizer, card: dict | None = None, device: str = "cpu"):
        self.device = torch.device(device)
        self.model = model.to(self.device, memory_format=torch.channels_last).eval()
        self._lean = folded(self.model.visual)
        self.card = card or {}
        self._tokenizer = tokenizer
        self._preprocess = Preprocess(PreprocessCfg(**model.visual.preprocess_cfg), self.device)

    @classmethod
    def load(cls, spec: str = "default", device: str = "auto") -> "Clip":
        """The CLIP of a spec.

        Args:
            spec: ``default`` (the small one that ships), ``NAME:TAG`` of open_clip ("ViT-B-32:laion2b_s34b_b79k";
                TAG may be a local weights file), ``hf-hub:OWNER/REPOSITORY``, or a folder that holds
                ``open_clip_config.json`` and its weights (or the path of the weights in such a folder).
            device: ``auto``, ``cpu`` or ``cuda``.

        Raises:
            ClipError: where the checkpoint is unknown, missing, broken, or holds pickled code.
            UserError: where the device is unknown or absent.
        """
        device = torch_device(device)
        name, tag, folder = _resolve(spec)
        try:
            # weights_only: a checkpoint that holds code is refused, never run.
            model = open_clip.create_model(name, pretrained=tag, require_pretrained=True, weights_only=True)
            tokenizer = open_clip.get_tokenizer(name)
            card = json.loads((folder / CARD).read_text()) if folder and (folder / CARD).is_file() else {}
        except _UNREADABLE as error:
            raise ClipError(
                f"The CLIP '{spec}' cannot be loaded: {_first_line(error)} Expected weights as safetensors (or a torch "
                "file of plain tensors: pickled code is refused) that fit their model configuration. Get the file "
                "again, convert it to safetensors, or use 'default'."
            ) from error
        return cls(model, tokenizer, card, device)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) in pixels that frames are brought to before they are encoded."""
        return self._preprocess.size

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the weights and their names: the same wherever the model was loaded from."""
        found = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            found.update(name.encode())
            found.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        return found.hexdigest()

    @torch.inference_mode()
    def encode_image(self, frames: np.ndarray) -> torch.Tensor:
        """Unit embeddings of frames.

        Args:
            frames: RGB, uint8, shape (N, H, W, 3), any size.

        Returns:
            float32, shape (N, D), on ``device``.
        """
        pixels = self._preprocess(frames)
        if self._lean is None:
            return self.model.encode_image(pixels, normalize=True).float()
        return functional.normalize(self._lean(pixels), dim=-1).float()

    @torch.inference_mode()
    def encode_text(self, sentences: Sequence[str]) -> torch.Tensor:
        """Unit embeddings of sentences; float32, shape (M, D), on ``device``."""
        tokens = self._tokenizer(list(sentences)).to(self.device)
        return self.model.encode_text(tokens, normalize=True).float()


def _resolve(spec: str) -> tuple[str, str | None, Path | None]:
    """open_clip's (model name, pretrained tag, local folder) of a spec."""
    if spec.startswith(HUB):
        return spec, None, None
    path = models() / "clip" if spec == "default" else Path(spec).expanduser()
    if path.is_file():
        path = path.parent
    if path.is_dir():
        if not (path / CONFIG).is_file():
            raise ClipError(f"The folder '{path}' has no {CONFIG}: give a folder with {CONFIG} and {WEIGHTS}.")
        return f"{FOLDER}{path}", None, path
    name, _, tag = spec.partition(":")
    if name not in open_clip.list_models():
        raise ClipError(
            f"No CLIP '{spec}': it is no folder or file, and open_clip knows no model '{name}'. "
            f"Give 'default', NAME:TAG, {HUB}OWNER/REPOSITORY or a folder. {nearest(name, open_clip.list_models())}"
        )
    tags = open_clip.list_pretrained_tags_by_model(name)
    if tag not in tags and not Path(tag).is_file():
        raise ClipError(f"The CLIP '{name}' has no pretrained tag or weights file '{tag}'. {nearest(tag, tags)}")
    return name, tag, None


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300].rstrip(".") + "."
