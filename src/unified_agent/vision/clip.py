# SPDX-License-Identifier: Apache-2.0
"""CLIP: frames and sentences as unit vectors in one space, from any checkpoint that open_clip can read."""

import logging
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import open_clip
import torch
from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer, SimpleTokenizer
from open_clip.transform import PreprocessCfg
from torch.nn import functional

from unified_agent import model_files
from unified_agent.device import torch_device
from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import UserError, first_line, nearest
from unified_agent.language.model_folder import check_tokenizer
from unified_agent.paths import expanded, models
from unified_agent.vision import configuration
from unified_agent.vision.folding import LeanTransformer, folded
from unified_agent.vision.known_scenes import FILE, KnownScenes, described
from unified_agent.vision.precision import Precision, fastest
from unified_agent.vision.preprocess import Preprocess

CONFIG, WEIGHTS, CARD = "open_clip_config.json", "model.safetensors", "card.json"
SHIPPED = {"default": "clip", "classic-control": "clip_classic_control"}
"""Spec -> folder in ``models/``: the tabletop's CLIP, and that of CartPole and MountainCar."""
HUB = open_clip.factory.HF_HUB_PREFIX
FOLDER = open_clip.factory.LOCAL_DIR_PREFIX
# The names that open_clip and the hub use, the best first.
_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
    "pytorch_model.bin",
    "pytorch_model.pth",
    "model.pth",
)
# Frames encoded at once: what fits into a processor's cache is encoded faster than more; a graphics card wants more.
FRAMES = {"cpu": 16, "cuda": 256}
# Frames a pass when precisions are compared.
_TRIED = 4
# Of a tokenizer on the hub: data alone.
_TOKENIZER = ("tokenizer*.json", "vocab.*", "merges.txt", "special_tokens_map.json", "*.model")


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
        self._embed = LeanTransformer.of(self.model.visual) or self.model.encode_image
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
            spec: ``default`` or ``classic-control`` (small ones that ship, see `SHIPPED`), ``NAME:TAG`` of open_clip
                ("ViT-B-32:laion2b_s34b_b79k"; TAG may be a local weights file), ``hf-hub:OWNER/REPOSITORY``, or
                a folder that holds ``open_clip_config.json`` and its weights (or the path of the weights in it).
            device: ``auto``, ``cpu`` or ``cuda``.

        Raises:
            ClipError: where the checkpoint is unknown, missing, broken, or holds pickled code.
            UserError: where the device is unknown or absent.
        """
        device = torch_device(device)
        try:
            folder = _folder(spec)
            model, tokenizer = _of_folder(folder) if folder else _known(spec)
            card = _card(folder / CARD) if folder else {}
            known = KnownScenes.beside(folder, device) if folder else None
            clip = cls(model, tokenizer, card, device, known)
            clip._try_out()
            return clip
        except ClipError:
            raise
        except Exception as error:  # open_clip, torch, safetensors and the hub raise many kinds for a damaged file
            raise ClipError(
                f"The CLIP '{spec}' cannot be loaded: {_sentence(error)} Expected weights as safetensors (or a torch "
                "file of plain tensors: pickled code is refused) that fit their model configuration. Get the file "
                "again, convert it to safetensors, or use 'default'."
            ) from error

    def _try_out(self) -> None:
        """Encode a word and a frame, so that parts which do not fit each other are told of at once."""
        for name, embedding in (
            ("sentence", self.encode_text(["red"])),
            ("frame", self.encode_views(np.zeros((1, 32, 32, 3), np.uint8))[0]),
        ):
            if not bool(embedding.isfinite().all()):
                raise ClipError(f"What it makes of a {name} is no finite number.")

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) in pixels that frames are brought to before they are encoded."""
        return self._preprocess.size

    def reshaping(self, height: int, width: int) -> str:
        """What of frames of this size is squashed, cropped away or padded: a sentence, empty where nothing is."""
        return self._preprocess.reshaping(height, width)

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
        return model_files.fingerprint(self.model.state_dict())

    @cached_property
    def precision(self) -> Precision:
        """In which this machine encodes frames fastest, accurately enough: measured when first asked for (< 1 s for a
        small CLIP). Encoding is in float32 unless it is done in its ``autocast``."""
        frames = np.random.default_rng(0).integers(0, 256, (_TRIED, *self.image_size, 3), dtype=np.uint8)
        return fastest(lambda: self.encode_image(frames), self.device)

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
            return functional.normalize(self._embed(pixels).float(), dim=-1), []
        x, activations = self._lean.stem(pixels), []
        for number in (1, 2, 3, 4):
            x = getattr(self._lean, f"layer{number}")(x)
            if number in layers:
                activations.append(x)
        return functional.normalize(self._lean.attnpool(x).float(), dim=-1), [x.float() for x in activations]

    @torch.inference_mode()
    def encode_text(self, sentences: Sequence[str]) -> torch.Tensor:
        """Unit embeddings of sentences; float32, shape (M, D), on ``device``."""
        tokens = self._tokenizer(list(sentences)).to(self.device)
        return self.model.encode_text(tokens, normalize=True).float()


def _folder(spec: str) -> Path | None:
    """The folder of a spec, fetched if it is on the hub; None for one of open_clip's own."""
    if spec.startswith(HUB):
        return _fetched(spec.removeprefix(HUB))
    path = models() / SHIPPED[spec] if spec in SHIPPED else expanded(spec)
    if not _there(path):
        return None
    return path if path.is_dir() else path.parent


def _of_folder(folder: Path) -> tuple[torch.nn.Module, Callable]:
    """Model and tokenizer of a folder, checked before anything of it is built."""
    if not (folder / CONFIG).is_file():
        raise ClipError(f"The folder '{folder}' has no {CONFIG}: give a folder with {CONFIG} and {WEIGHTS}.")
    model_files.check_folder(folder)
    described = configuration.read(folder / CONFIG)
    weights = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    weights = weights or next(iter(sorted(folder.glob("*.safetensors"))), None)
    if weights is None:
        raise ClipError(f"The CLIP in '{folder}' cannot be loaded: expected its weights as {WEIGHTS}.")
    stored = model_files.weights_in(weights)
    build = partial(open_clip.create_model, f"{FOLDER}{folder}", load_weights=False, pretrained_text=False)
    logging.disable(logging.WARNING)  # open_clip says that it loads no weights
    try:
        with torch.device("meta"):
            plan = build(device="meta")
        model_files.refuse_larger(sum(p.numel() for p in plan.parameters()), stored, folder / CONFIG)
        model = build()
    finally:
        logging.disable(logging.NOTSET)
    open_clip.load_checkpoint(model, str(weights), weights_only=True)
    model_files.refuse_strange_numbers(model.state_dict().items(), weights)
    return model, _tokenizer(folder, described["model_cfg"]["text_cfg"])


def _known(spec: str) -> tuple[torch.nn.Module, Callable]:
    """Model and tokenizer of one of open_clip's own, NAME:TAG."""
    name, _, tag = spec.partition(":")
    if name not in open_clip.list_models():
        raise ClipError(
            f"No CLIP '{spec}': it is no folder or file, and open_clip knows no model '{name}'. "
            f"Give 'default', NAME:TAG, {HUB}OWNER/REPOSITORY or a folder. {nearest(name, open_clip.list_models())}"
        )
    tags = open_clip.list_pretrained_tags_by_model(name)
    if tag not in tags:
        if not _there(Path(tag)) or not Path(tag).is_file():
            raise ClipError(f"The CLIP '{name}' has no pretrained tag or weights file '{tag}'. {nearest(tag, tags)}")
        model_files.weights_in(Path(tag))
    # weights_only: a checkpoint that holds code is refused, never run.
    model = open_clip.create_model(name, pretrained=tag, require_pretrained=True, weights_only=True)
    model_files.refuse_strange_numbers(model.state_dict().items(), tag)
    of_hub = {"trust_remote_code": False} if "hf_tokenizer_name" in open_clip.get_model_config(name)["text_cfg"] else {}
    return model, open_clip.get_tokenizer(name, **of_hub)


def _fetched(repository: str) -> Path:
    """The folder of a repository of the hub: its configuration, checked, then its weights and its tokenizer's data."""
    config = Path(hf_hub_download(repository, CONFIG))
    model_files.check_config(config)
    configuration.read(config)
    for name in _WEIGHTS:
        try:
            hf_hub_download(repository, name, revision=config.parent.name)
            break
        except (EntryNotFoundError, LocalEntryNotFoundError):
            continue
    snapshot_download(repository, revision=config.parent.name, allow_patterns=_TOKENIZER)
    return config.parent


def _tokenizer(folder: Path, text: dict) -> Callable:
    """The tokenizer of a checked configuration: from the folder, or by a name that open_clip's own models use."""
    settings = text.get("tokenizer_kwargs") or {}
    length = text.get("context_length", DEFAULT_CONTEXT_LENGTH)
    name = text.get("hf_tokenizer_name")
    if not name:
        return SimpleTokenizer(context_length=length, **settings)
    here = any((folder / file).is_file() for file in ("tokenizer.json", "tokenizer_config.json"))
    if not here and name not in configuration.tokenizer_names():
        raise ClipError(
            f"The folder '{folder}' has no tokenizer.json, and '{name}' is none of the tokenizers that open_clip's own "
            "models use: put the tokenizer's files there."
        )
    if here:
        check_tokenizer(folder)
    return HFTokenizer(
        str(folder) if here else name,
        context_length=length,
        tokenizer_mode=text.get("tokenizer_mode"),
        trust_remote_code=False,
        **({"local_files_only": True} if here else {}),
        **settings,
    )


def _card(path: Path) -> dict:
    """What a card says, its thresholds checked; empty where there is none."""
    if not path.is_file():
        return {}
    card = mapping(json_of(read_text(path), str(path)), str(path))
    thresholds = mapping(card.get("thresholds", {}), f"{path}, thresholds")
    asked = {**thresholds, **({"default_threshold": card["default_threshold"]} if "default_threshold" in card else {})}
    for name, gamma in asked.items():
        if type(gamma) not in (int, float) or not -1.0 <= gamma <= 1.0:
            raise BadDocument(f"{path}: the threshold of {shown(name)} is a cosine in [-1, 1], not {shown(gamma)}.")
    return card


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or a NUL in it
        return False


def _sentence(error: BaseException) -> str:
    return first_line(error, 300).rstrip(".") + "."
