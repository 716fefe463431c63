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
from unified_agent.vision.known_scenes import FILE, KnownScenes, described
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
        known: what the scenes that it was trained on look like; None where nothing beside the weights tells.
        device: where it computes.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        tokenizer,
        card: dict | None = None,
        device: str = "cpu",
        known: KnownScenes | None = None,
    ):
        self.device = torch.device(device)
        self.model = model.to(self.device, memory_format=torch.channels_last).eval()
        self._lean = folded(self.model.visual)
        self.card = card or {}
        self.known = known
        if known is not None and (self._lean is None or not known.fits(self._lean)):
            raise ClipError(
                f"The description of known scenes does not fit this CLIP: delete its {FILE}, or make it anew."
            )
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
            known = KnownScenes.beside(folder, device) if folder else None
        except _UNREADABLE as error:
            raise ClipError(
                f"The CLIP '{spec}' cannot be loaded: {_first_line(error)} Expected weights as safetensors (or a torch "
                "file of plain tensors: pickled code is refused) that fit their model configuration. Get the file "
                "again, convert it to safetensors, or use 'default'."
            ) from error
        return cls(model, tokenizer, card, device, known)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) in pixels that frames are brought to before they are encoded."""
        return self._preprocess.size

    @property
    def context_length(self) -> int:
        """Tokens of a sentence that are read, marks of its begin and end among them."""
        return int(self._tokenizer(["a"]).shape[1])

    def truncates(self, sentence: str) -> bool:
        """Whether the end of a sentence would not be read: one word more makes no difference."""
        tokens = self._tokenizer([sentence, f"{sentence} and"])
        return bool((tokens[0] == tokens[1]).all())

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
        return self._encode(frames, ())[0]

    @torch.inference_mode()
    def encode_views(self, frames: np.ndarray) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Unit embeddings of frames, as `encode_image`, and in the same pass their distances from known scenes.

        Returns:
            (N, D) and (N,), on ``device``; None for the distances where no known scenes are described.
        """
        embeddings, activations = self._encode(frames, self.known.layers if self.known else ())
        return embeddings, self.known.distances(described(activations)) if self.known else None

    @torch.inference_mode()
    def describe(self, frames: np.ndarray, layers: Sequence[int]) -> torch.Tensor:
        """What `KnownScenes` is made of, shape (N, K), for frames as in `encode_image`.

        Raises:
            ClipError: the image tower is no ResNet of open_clip.
        """
        if self._lean is None:
            raise ClipError("Known scenes can be described for a CLIP whose image tower is a ResNet of open_clip only.")
        return described(self._encode(frames, layers)[1])

    def _encode(self, frames: np.ndarray, layers: Sequence[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Unit embeddings, and what these layers of a lean tower give."""
        pixels = self._preprocess(frames)
        if self._lean is None:
            return self.model.encode_image(pixels, normalize=True).float(), []
        x, activations = self._lean.stem(pixels), []
        for number in (1, 2, 3, 4):
            x = getattr(self._lean, f"layer{number}")(x)
            if number in layers:
                activations.append(x)
        return functional.normalize(self._lean.attnpool(x), dim=-1).float(), activations

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
