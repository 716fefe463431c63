# SPDX-License-Identifier: Apache-2.0
"""How fast the detector is beside the bare library."""

import time
from collections.abc import Callable

import numpy as np
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from unified_agent.language.subgoals import SENTENCES
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector


def captioner_profile(clip: Clip | None = None, seconds: float = 3.0, cameras: int = 2) -> dict:
    """Frames a second through ``Detector`` and through bare ``encode_image`` and one matrix product.

    The two take turns in one run, so that what else the machine does slows both; the medians of
    their times are compared. Both see the same frames. The bare side starts from what open_clip's own
    transform makes of them: resizing, normalising and combining the cameras are the detector's own cost.

    Returns:
        ``detector_fps``, ``bare_fps``, ``ratio`` (1 is as fast as bare) and ``frame_ms``, the
        detector's time for one frame.
    """
    clip = clip or Clip.load()
    detector = Detector(clip, SENTENCES)
    height, width = clip.image_size
    frames = np.random.default_rng(0).integers(0, 256, (cameras, height, width, 3), dtype=np.uint8)
    moments = {str(i): frame for i, frame in enumerate(frames)}
    transform = image_transform_v2(PreprocessCfg(**clip.model.visual.preprocess_cfg), is_train=False)
    pixels = torch.stack([transform(Image.fromarray(frame)) for frame in frames])
    pixels = pixels.to(clip.device).contiguous(memory_format=torch.channels_last)
    texts = clip.encode_text(detector.sentences).T.contiguous()

    @torch.inference_mode()
    def bare() -> np.ndarray:
        return (clip.model.encode_image(pixels, normalize=True) @ texts).cpu().numpy()

    ours, theirs = _medians([lambda: detector.scores(moments), bare], seconds)
    return {
        "detector_fps": cameras / ours,
        "bare_fps": cameras / theirs,
        "ratio": theirs / ours,
        "frame_ms": 1000 * ours / cameras,
    }


def _medians(calls: list[Callable[[], object]], seconds: float) -> list[float]:
    """The median time of each call, s; the calls take turns for ``seconds``."""
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for call, taken in zip(calls, times, strict=True):
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
    return [float(np.median(taken)) for taken in times]
