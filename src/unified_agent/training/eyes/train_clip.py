# SPDX-License-Identifier: Apache-2.0
"""Training of the small CLIPs that ship: frames of every camera against every caption, said in many ways.

The loss is SigLIP's sigmoid (Zhai et al. 2023, arXiv 2303.15343) with known labels: several sentences
are true of one frame, and each pair of a moment and a sentence is its own yes-or-no question. Most moments
are soon easy: after the first epoch each learns from those that were hardest, and from as many others by chance
(hard examples: Shrivastava et al. 2016, arXiv 1604.03540).
"""

import copy
import json
import math
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import open_clip
import torch
from open_clip.transform import PreprocessCfg
from safetensors.torch import save as encoded
from torch.nn import functional
from tqdm import tqdm

from unified_agent.device import torch_device
from unified_agent.errors import SEEDS, UserError, in_range
from unified_agent.folders import OwnFolder
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.training.eyes.augmentation import augment
from unified_agent.training.eyes.captions import paraphrases, strange
from unified_agent.training.eyes.frames import UNKNOWN, LabelledMoments
from unified_agent.training.eyes.report import FIGURE
from unified_agent.training.runs import broken, claim, keep_state, kept_state
from unified_agent.vision.clip import CARD, CONFIG, WEIGHTS, Clip
from unified_agent.vision.precision import TRAINABLE, Precision, fastest
from unified_agent.vision.preprocess import Preprocess

# A narrow ModifiedResNet: frames are 128 pixels and a box about 20, so early resolution matters more than width.
ARCHITECTURE = {
    "model_cfg": {
        "embed_dim": 128,
        "init_logit_scale": math.log(10.0),
        "init_logit_bias": -4.0,
        "vision_cfg": {"image_size": 128, "layers": [1, 2, 2, 1], "width": 16, "head_width": 64},
        "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 2},
    },
    "preprocess_cfg": {"interpolation": "bilinear", "resize_mode": "shortest"},
}
_TRIED = 4
"""Moments of the step by which precisions are compared."""
KIND, PROGRESS = "clip training", "training.pt"


@dataclass(frozen=True)
class Syllabus:
    """What a CLIP is to learn, beside its frames.

    Attributes:
        wordings: of every column of the frames' truth the ways to say it, the sentence that it is asked by first.
        things: of every column the word of that sentence whose exchange for a strange one makes it false.
        architecture: ``open_clip_config.json`` of the model.
        disturb: frames, uint8 (N, H, W, 3), as another camera would show them.
    """

    wordings: tuple[tuple[str, ...], ...]
    things: tuple[str, ...]
    architecture: Mapping[str, dict]
    disturb: Callable[[torch.Tensor, torch.Generator], torch.Tensor]

    @classmethod
    def tabletop(cls) -> "Syllabus":
        """The vocabulary of sub-goals."""
        wordings = tuple(tuple(paraphrases(goal)) for goal in VOCABULARY)
        return cls(wordings, tuple(goal.subject for goal in VOCABULARY), ARCHITECTURE, augment)


@dataclass(frozen=True)
class TrainingConfig:
    """How long and how.

    Attributes:
        epochs: passes over the frames.
        batch: moments a step (a moment is a frame of every camera).
        learning_rate: at its highest; a cosine after ``warmup`` steps.
        weight_decay: of matrices; embeddings, gains and biases have none.
        view_weight: of the loss of each camera alone, beside that of their mean.
        strange: sentences a step about things that are not there.
        share: of the moments, in each epoch but the first: half of them the hardest, half by chance; 1: all.
        seed: of weights, order, augmentation and wording.
        threads: of torch; 0 leaves torch's own choice.
    """

    epochs: int = 8
    batch: int = 64
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    warmup: int = 200
    view_weight: float = 0.25
    strange: int = 4
    share: float = 1.0
    seed: int = 0
    threads: int = 0

    def __post_init__(self):
        in_range("epochs", self.epochs, 1, 10**6)
        in_range("batch", self.batch, 2, 2**16)
        in_range("learning_rate", self.learning_rate, 0.0, 1.0)
        in_range("weight_decay", self.weight_decay, 0.0, 1.0)
        in_range("warmup", self.warmup, 0, 10**9)
        in_range("view_weight", self.view_weight, 0.0, 1e3)
        in_range("strange", self.strange, 0, 1_000)
        in_range("share", self.share, 0.01, 1.0)
        in_range("seed", self.seed, 0, SEEDS)
        in_range("threads", self.threads, 0, 1_024)


TABLETOP = {"batch": 32, "share": 0.5}
"""How the CLIP that ships is taught, where that is not as above."""


class ClipTrainer:
    """One training run in a folder; where it was cut off, it goes on from its last whole epoch.

    Args:
        frames: what to learn from.
        folder: of the checkpoint.
        config: how long and how.
        device: ``auto``, ``cpu`` or ``cuda``.
        start: a small CLIP to go on from, instead of random weights.
        made_with: what else the result depends on, such as the arm in the pictures.
        syllabus: None: the tabletop's.

    Attributes:
        history: one dict an epoch: ``epoch`` and ``loss``.
        precision: that a step is computed in, the fastest of this machine; known when it runs.
        settings: everything that the result depends on; a training goes on with the same ones only.
    """

    def __init__(
        self,
        frames: LabelledMoments,
        folder: Path,
        config: TrainingConfig,
        device: str = "auto",
        start: Clip | None = None,
        made_with: Mapping[str, object] | None = None,
        syllabus: Syllabus | None = None,
    ):
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self._frames, self._folder, self._config = frames, folder, config
        self._syllabus = syllabus or Syllabus.tabletop()
        architecture = self._syllabus.architecture
        self._device = torch.device(torch_device(device))
        self._model = open_clip.CLIP(**architecture["model_cfg"]).to(self._device, memory_format=torch.channels_last)
        if start is not None:
            self._begin_with(start)
        size = architecture["model_cfg"]["vision_cfg"]["image_size"]
        self._preprocess = Preprocess(PreprocessCfg(size=size, **architecture["preprocess_cfg"]), self._device)
        tokenizer = open_clip.SimpleTokenizer(context_length=architecture["model_cfg"]["text_cfg"]["context_length"])
        self._tokens = {s: tokenizer([s])[0] for ways in self._syllabus.wordings for s in ways}
        self._tokenizer, self._words = tokenizer, _plain_words(tokenizer, self._tokens)
        self._optimizer = torch.optim.AdamW(_parameter_groups(self._model, config.weight_decay), config.learning_rate)
        self._hardness = np.full(len(frames), np.inf)  # the loss of each moment when it was last learnt from
        self.history: list[dict] = []
        self.precision = Precision()
        self.settings = {
            **asdict(config),
            **(made_with or {}),
            "architecture": architecture,
            "moments": len(frames),
            "frames": frames.identity,
            "start": start and start.fingerprint,
            "device": self._device.type,
        }

    def run(self) -> list[dict]:
        """Train to the last epoch and write the weights; returns ``history``.

        Raises:
            UserError: the folder holds a training of other settings (more epochs are another schedule, and so another
                training), is being written to, or cannot be written; or there are too few moments.
        """
        if min(steps := [self._count(epoch) // self._config.batch for epoch in range(self._config.epochs)]) == 0:
            raise UserError(f"{len(self._frames)} moments do not fill one batch of {self._config.batch}: collect more.")
        with claim(self._folder, KIND, self.settings) as own:
            for name in (WEIGHTS, CARD, FIGURE):
                own.place(name)
            own.write(CONFIG, json.dumps(self._syllabus.architecture, indent=2) + "\n")
            self._resume(own)
            self.precision = self._fastest()
            # Gradients of half-precision floats vanish unless they are scaled; of any other this does nothing.
            self._scaler = torch.amp.GradScaler(self._device.type, enabled=self.precision.dtype == torch.float16)
            self._train(own, steps)
            own.write(WEIGHTS, encoded(self._weights()))
        return self.history

    def _train(self, own: OwnFolder, steps: list[int]) -> None:
        done, total = len(self.history), sum(steps)
        with tqdm(total=total, initial=sum(steps[:done]), unit="step", desc="CLIP", mininterval=2) as bar:
            for epoch in range(done, len(steps)):
                losses = []
                for i, (chosen, *batch) in self._batches(epoch, bar):
                    self._hardness[chosen] = self._step(sum(steps[:epoch]) + i, total, *batch)
                    losses.append(self._hardness[chosen].mean())
                self.history.append({"epoch": epoch, "loss": float(np.mean(losses))})
                bar.set_postfix(epoch=epoch + 1, loss=f"{self.history[-1]['loss']:.4f}")
                self._save_progress(own)

    def _batches(self, epoch: int, bar: tqdm):
        """Moments, their views, tokens and truth of every step of an epoch: the same whenever the epoch is begun."""
        config, syllabus = self._config, self._syllabus
        seed = config.seed * 1000 + epoch
        order = self._order(epoch, np.random.default_rng(seed))
        captions = [(ways[0], thing) for ways, thing in zip(syllabus.wordings, syllabus.things, strict=True)]
        chance, words = torch.Generator().manual_seed(seed), random.Random(seed)
        for i in range(len(order) // config.batch):
            chosen = np.sort(order[i * config.batch : (i + 1) * config.batch])
            moments = torch.from_numpy(self._frames.frames(chosen))
            moments = syllabus.disturb(moments.flatten(0, 1), chance).reshape(moments.shape)
            truth = self._frames.truth[chosen]
            said = [ways[0] for ways in syllabus.wordings] + [words.choice(ways) for ways in syllabus.wordings]
            odd = [strange(*words.choice(captions), self._words, words) for _ in range(config.strange)]
            tokens = torch.stack([*(self._tokens[s] for s in said), *(self._tokenizer(odd) if odd else ())])
            never = np.zeros((len(truth), len(odd)), dtype=truth.dtype)
            yield i, (chosen, moments, tokens, torch.from_numpy(np.concatenate([truth, truth, never], axis=1)))
            bar.update()

    def _count(self, epoch: int) -> int:
        """Of the moments that an epoch learns from."""
        return len(self._frames) if epoch == 0 else int(self._config.share * len(self._frames))

    def _order(self, epoch: int, rng: np.random.Generator) -> np.ndarray:
        order, count = rng.permutation(len(self._frames)), self._count(epoch)
        if count == len(order):
            return order
        ranked = order[np.argsort(-self._hardness[order], kind="stable")]
        hard, rest = np.split(ranked, [count // 2])
        return rng.permutation(np.concatenate([hard, rng.choice(rest, count - len(hard), replace=False)]))

    def _step(
        self, step: int, total: int, moments: torch.Tensor, tokens: torch.Tensor, truth: torch.Tensor
    ) -> np.ndarray:
        """Learn from a batch; returns the loss of each of its moments."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._config.learning_rate * _schedule(step, self._config.warmup, total)
        self._model.train()
        truth = truth.to(self._device)[:, None, :]
        pixels = self._preprocess(moments.flatten(0, 1).numpy())
        with self.precision.autocast(self._device):
            images = self._model.encode_image(pixels)
            texts = self._model.encode_text(tokens.to(self._device))
        images = functional.normalize(images.float(), dim=-1).reshape(len(moments), -1, images.shape[-1])
        similarity = images @ functional.normalize(texts.float(), dim=-1).T
        together = self._losses(similarity.mean(dim=1, keepdim=True), truth)
        each = self._losses(similarity, truth.expand(similarity.shape))
        known = truth != UNKNOWN
        loss = (together.sum() + self._config.view_weight * each.sum() / similarity.shape[1]) / known.sum()
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return (together.detach().sum(dim=(1, 2)) / known.sum(dim=(1, 2)).clamp(min=1)).cpu().numpy()

    def _fastest(self) -> Precision:
        """Of a step of a few moments, on a copy: batch norms remember what they have seen."""
        model = copy.deepcopy(self._model).train()
        pixels = self._preprocess(np.random.default_rng(0).integers(0, 256, (_TRIED, 64, 64, 3), dtype=np.uint8))

        def step() -> torch.Tensor:
            embeddings = functional.normalize(model.encode_image(pixels).float(), dim=-1)
            embeddings.sum().backward()
            return embeddings.detach()

        return fastest(step, self._device, TRAINABLE)

    def _losses(self, similarity: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """Of every question, nothing where the truth is in between; all of shape (B, C, M)."""
        logits = self._model.logit_scale.exp() * similarity + self._model.logit_bias
        losses = functional.binary_cross_entropy_with_logits(logits, truth.float(), reduction="none")
        return losses * (truth != UNKNOWN)

    def _begin_with(self, start: Clip) -> None:
        try:
            self._model.load_state_dict(start.model.state_dict())
        except RuntimeError:
            raise UserError(
                "The CLIP to begin with has another architecture: only the small CLIP is trained."
            ) from None

    def _resume(self, own: OwnFolder) -> None:
        state = kept_state(own, PROGRESS, ("history", "model", "optimizer", "hardness"), str(self._device))
        if state is None:
            return
        try:
            self._model.load_state_dict(state["model"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._hardness[:] = state["hardness"].numpy()
            self.history = [{"epoch": int(row["epoch"]), "loss": float(row["loss"])} for row in state["history"]]
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise broken(own.path / PROGRESS, error) from None

    def _save_progress(self, own: OwnFolder) -> None:
        state = {
            "history": self.history,
            "model": self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "hardness": torch.from_numpy(self._hardness),
        }
        keep_state(own, PROGRESS, state)

    def _weights(self) -> dict[str, torch.Tensor]:
        """Matrices in half precision (open_clip loads them as float32), statistics in full."""
        state = self._model.state_dict().items()
        return {name: (t.half() if t.ndim > 1 else t).contiguous().cpu() for name, t in state}


def _schedule(step: int, warmup: int, total: int) -> float:
    """A linear rise, then half a cosine to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def _parameter_groups(model: torch.nn.Module, weight_decay: float) -> list[dict]:
    named = list(model.named_parameters())
    bare = [p for name, p in named if p.ndim < 2 or "embedding" in name]
    return [
        {"params": [p for name, p in named if not (p.ndim < 2 or "embedding" in name)], "weight_decay": weight_decay},
        {"params": bare, "weight_decay": 0.0},
    ]


def _plain_words(tokenizer, captions: Iterable[str]) -> list[str]:
    """The whole words of the tokenizer, but for those that captions use."""
    used = {word for sentence in captions for word in sentence.split()}
    words = (token.removesuffix("</w>") for token in tokenizer.encoder if token.endswith("</w>"))
    return sorted({word for word in words if word.isascii() and word.isalpha() and len(word) > 2} - used)
