# SPDX-License-Identifier: Apache-2.0
"""Which scenes a CLIP knows, from the frames that it was trained on; and how well it tells others from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.training.eyes.augmentation import augment, through_jpeg
from unified_agent.training.eyes.frames import LabelledMoments
from unified_agent.training.pictures import ENDINGS, picture, pictures_in
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector
from unified_agent.vision.known_scenes import KnownScenes

LAYERS = (3,)
"""Of the image tower, behind which is looked: earlier ones take a scaled or noisy frame for another scene, and the last
one has forgotten most of what no sentence speaks of."""
FALSE_ALARMS = 0.002
"""The share of known moments that are called unfamiliar."""
BATCH = 64


def known_scenes(clip: Clip, frames: LabelledMoments, tuning: LabelledMoments, seed: int = 0) -> KnownScenes:
    """What a CLIP knows.

    Args:
        frames: it was trained on such.
        tuning: others of the same kind, on which the threshold is set to `FALSE_ALARMS`.
    """
    batches = list(_described(clip, frames, seed))
    known = KnownScenes.fit(LAYERS, np.concatenate(batches))
    # Of a moment the frame that is furthest counts, as the detector has it.
    moments = torch.from_numpy(np.concatenate(list(_described(clip, tuning, seed + 1))))
    furthest = known.distances(moments).reshape(len(tuning), -1).amax(dim=1)
    known.threshold = float(torch.quantile(furthest, 1.0 - FALSE_ALARMS))
    return known


def disguised(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Frames, (N, H, W, 3), every second of which went through a lossy codec, another camera's light or a scaling."""
    frames = frames.copy()
    ways = rng.integers(0, 6, len(frames))
    for number in np.flatnonzero(ways == 0):
        frames[number] = through_jpeg(frames[number], int(rng.integers(30, 96)))
    for number in np.flatnonzero(ways == 1):
        frames[number] = _through_scaling(frames[number], float(rng.uniform(1.5, 4.0)))
    if (lit := ways == 2).any():
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        frames[lit] = augment(torch.from_numpy(frames[lit]), generator).numpy()
    return frames


@dataclass(frozen=True)
class Foreign:
    """What a CLIP makes of pictures that it does not know.

    Attributes:
        pictures: looked at.
        unfamiliar: of them, called so.
        claimed: pictures in which some sentence is over its threshold.
        held: pictures in which some sentence is held true all the same.
        unreadable: files that gave no picture.
        missed: names of pictures that were not called unfamiliar.
    """

    pictures: int
    unfamiliar: int
    claimed: int
    held: int
    unreadable: int
    missed: tuple[str, ...]


def unfamiliar_share(clip: Clip, moments: LabelledMoments) -> float:
    """The share of moments that are called unfamiliar: false alarms, where they are known."""
    detector = Detector(clip, SENTENCES)
    starts = range(0, len(moments), BATCH)
    batches = (moments.frames(np.arange(start, min(start + BATCH, len(moments)))) for start in starts)
    return sum(int(detector.views(batch).unfamiliar.sum()) for batch in batches) / len(moments)


def foreign(clip: Clip, folder: Path) -> Foreign:
    """What it makes of every picture in a folder and those below it, each as the frame of one camera.

    Raises:
        UserError: the CLIP's known scenes are not described, or there is no picture.
    """
    if clip.known is None:
        raise UserError("This CLIP has no description of the scenes it knows: make one with 'train-clip --describe'.")
    detector = Detector(clip, SENTENCES)
    paths = pictures_in(folder)
    seen, missed = [], []
    for path in paths:
        frame = picture(path)
        if frame is None:
            continue
        view = detector.look({"picture": frame})
        seen.append((bool(view.unfamiliar), detector.true(view.scores).any(), detector.held(view).any()))
        missed += [] if view.unfamiliar else [str(path.relative_to(folder))]
    if not seen:
        raise UserError(f"There is no picture in {folder}: expected {', '.join(ENDINGS)} files.")
    unfamiliar, claimed, held = np.sum(seen, axis=0).tolist()
    return Foreign(len(seen), unfamiliar, claimed, held, len(paths) - len(seen), tuple(missed))


def _described(clip: Clip, moments: LabelledMoments, seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    for start in tqdm(range(0, len(moments), BATCH), unit="batch", desc="known scenes", mininterval=2):
        frames = moments.frames(np.arange(start, min(start + BATCH, len(moments))))
        yield clip.describe(disguised(frames.reshape(-1, *frames.shape[2:]), rng), LAYERS).cpu().numpy()


def _through_scaling(frame: np.ndarray, factor: float) -> np.ndarray:
    """Taken larger, and brought back to its size."""
    image = Image.fromarray(frame)
    size = [round(side * factor) for side in image.size]
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC).resize(image.size, Image.Resampling.BILINEAR))
