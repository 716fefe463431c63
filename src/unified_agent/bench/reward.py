# SPDX-License-Identifier: Apache-2.0
"""What a reward costs beside the published path, and in how much memory."""

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import open_clip
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from torch import nn
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize

from unified_agent.vision.clip import FRAMES, Clip
from unified_agent.vision.reward import Goal, RewardModel, regularized

SIZE = 480
ALPHAS = np.linspace(0.0, 1.0, 11)
MODELS = ("default", "ViT-B-32", "RN50")
"""``default`` ships; of the others the classes, with random weights: they cost the same."""
_GOAL = Goal(("the red object is on top of the blue object",), ("the red object is on the table",), 0.5)
# What another process does to tell its peak: an episode of so many frames, in pieces, as a renderer makes them.
_STREAM = """
import numpy as np
from unified_agent.bench.reward import episode
episode({frames})
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


class Published(nn.Module):
    """The published path of vlmrm (src/vlmrm/reward_model.py), written anew from calls of open_clip and torchvision.

    Frames become floats, are squashed by a bicubic filter, normalised with OpenAI's mean and deviation whatever the
    model, and encoded in float32; alpha is a matrix of D x D.
    """

    def __init__(self, clip: Clip, goal: Goal):
        super().__init__()
        self.model = clip.model
        height, width = clip.image_size
        self.transform = Compose(
            [
                Resize((height, width), InterpolationMode.BICUBIC, antialias=True),
                CenterCrop((height, width)),
                Normalize(OPENAI_DATASET_MEAN, OPENAI_DATASET_STD),
            ]
        )
        self.goal, self.baseline = (
            clip.encode_text(side).mean(dim=0, keepdim=True) for side in (goal.sentences, goal.baselines)
        )

    def projection(self, alpha: float) -> torch.Tensor:
        """(D, D)."""
        direction = self.goal - self.baseline
        along = direction.T @ direction / direction.norm() ** 2
        return alpha * along + (1.0 - alpha) * torch.eye(len(along))

    @torch.inference_mode()
    def embed(self, frames: np.ndarray) -> torch.Tensor:
        """Unit embeddings of uint8 frames (N, H, W, 3)."""
        pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).to(torch.float32) / 255.0
        return self.model.encode_image(self.transform(pixels), normalize=True)

    @torch.inference_mode()
    def rewards(self, embeddings: torch.Tensor, projection: torch.Tensor) -> torch.Tensor:
        """(N,)."""
        embeddings = embeddings / embeddings.norm(dim=-1, keepdim=True)
        return 1.0 - ((embeddings - self.goal) @ projection).norm(dim=-1) ** 2 / 2.0


def reward_profile(frames: int = 32, rounds: int = 3, models: tuple[str, ...] = MODELS, streams: bool = True) -> dict:
    """Both paths on the same frames of 480x480, in turn within one run, in one thread.

    Times are those of the processor, which other work on the machine does not lengthen; the best turn of each counts.

    Returns:
        For each model ``ours``, ``published`` (frames a CPU second), their ``ratio`` and our ``precision``;
        ``sweep_ratio``, of 11 projections against 11 alphas in closed form, on ``sweep_frames`` embeddings, and
        ``sweep_difference`` between the two; ``MB_1000`` and ``MB_10000``, the peak memory of a process that judges
        episodes of so many frames; ``ok``, whether the goals are met.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        pictures = np.random.default_rng(0).integers(0, 256, (frames, SIZE, SIZE, 3), dtype=np.uint8)
        figures = {}
        for name in models:
            clip = _clip(name)
            ours, published = RewardModel(clip, _GOAL), Published(clip, _GOAL)
            projection = published.projection(_GOAL.alpha)
            sides = {
                "ours": lambda ours=ours: ours.score(pictures[:, None]),
                "published": lambda it=published, p=projection: it.rewards(it.embed(pictures), p),
            }
            seconds = _in_turn(sides, rounds)
            figures |= {f"{name}_{side}": frames / spent for side, spent in seconds.items()}
            figures[f"{name}_ratio"] = seconds["published"] / seconds["ours"]
            figures[f"{name}_precision"] = str(ours.precision)
        figures |= sweep_profile(rounds)
    finally:
        torch.set_num_threads(threads)
    if streams:
        figures |= {f"MB_{count}": _peak(count) for count in (1_000, 10_000)}
    wanted = {"default_ratio": 5.0, "ViT-B-32_ratio": 1.3, "RN50_ratio": 1.0, "sweep_ratio": 100.0}
    grown = figures.get("MB_10000", 0.0) - figures.get("MB_1000", 0.0)
    return figures | {"ok": all(figures.get(name, bound) >= bound for name, bound in wanted.items()) and grown < 50.0}


def sweep_profile(rounds: int = 3, frames: int = 1_000, width: int = 512) -> dict:
    """All alphas of a sweep, from embeddings to rewards: 11 matrices of D x D, and the closed form."""
    rng = torch.Generator().manual_seed(0)
    embeddings, (goal, baseline) = (
        nn.functional.normalize(torch.randn(count, width, generator=rng), dim=-1) for count in (frames, 2)
    )
    published = Published.__new__(Published)
    nn.Module.__init__(published)
    published.goal, published.baseline = goal[None], baseline[None]
    sides = torch.stack([goal, baseline])

    def closed() -> np.ndarray:
        return regularized((embeddings @ sides.T).numpy(), float(goal @ baseline), ALPHAS[:, None])

    def projected() -> np.ndarray:
        return np.stack([published.rewards(embeddings, published.projection(float(a))).numpy() for a in ALPHAS])

    seconds = _in_turn({"closed": closed, "projected": projected}, max(rounds, 5))
    return {
        "sweep_ratio": seconds["projected"] / seconds["closed"],
        "sweep_difference": float(np.abs(closed() - projected()).max()),
        "sweep_frames": frames,
    }


def episode(frames: int) -> np.ndarray:
    """The rewards of an episode of so many frames that are made as they are judged."""
    model, rng = RewardModel(_clip("default"), _GOAL), np.random.default_rng(0)
    at_once, judged = FRAMES["cpu"], []
    for start in range(0, frames, at_once):
        count = min(at_once, frames - start)
        judged.append(model.score(rng.integers(0, 256, (count, 1, 128, 128, 3), dtype=np.uint8)))
    return np.concatenate(judged)


def _clip(name: str) -> Clip:
    if name == "default":
        return Clip.load("default", "cpu")
    torch.manual_seed(0)
    return Clip(open_clip.create_model(name), open_clip.get_tokenizer(name))


def _in_turn(sides: dict[str, Callable], rounds: int) -> dict[str, float]:
    """Processor seconds of the best turn of each, after one that prepares."""
    best = dict.fromkeys(sides, float("inf"))
    for turn in range(1 + rounds):
        for name, side in sides.items():
            began = time.process_time()
            side()
            if turn:
                best[name] = min(best[name], time.process_time() - began)
    return best


def _peak(frames: int) -> float:
    """MB; of a process of its own, since a peak is that of a whole life."""
    told = subprocess.run(
        [sys.executable, "-c", _STREAM.format(frames=frames)], capture_output=True, text=True, check=True
    )
    return int(told.stdout.split()[-1]) / 1024
