# SPDX-License-Identifier: Apache-2.0
"""An episode of a policy as a film, with the reward of each picture."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw

from unified_agent.recording.overlay import LINE, MARGIN, fit, font
from unified_agent.recording.palette import BACKGROUND, FAINT, TEXT
from unified_agent.recording.video import VideoWriter
from unified_agent.training.reward.episodes import Act
from unified_agent.training.reward.workers import Workers
from unified_agent.vision.reward import RewardModel

_AT_ONCE = 64
"""Pictures that are judged together."""


def shoot(path: Path, workers: Workers, seed: int, act: Act, model: RewardModel | None, sentence: str) -> None:
    """Film an episode of a policy, as long as those that it learnt from, with the reward of each picture below it.

    Args:
        path: of the MP4.
        model: what judges; None: the environment's own reward is shown.
        sentence: what was wanted.
    """
    rate = max(1, min(60, round(workers.facts.rate)))
    with VideoWriter(path, rate=rate, streamed=False) as video:
        for pictures, own in _episode(workers, seed, act):
            rewards = own if model is None else model.score(pictures)
            for views, reward in zip(pictures, rewards, strict=True):
                video.write(captioned(np.hstack(list(views)), sentence, float(reward)))


def captioned(frame: np.ndarray, sentence: str, reward: float) -> np.ndarray:
    """A frame (uint8 RGB (H, W, 3)) with a line below it, as a video takes it: even in height and width."""
    height, width = frame.shape[:2]
    band = LINE + 2 * MARGIN // 2
    picture = Image.new("RGB", (width + width % 2, height + band + (height + band) % 2), BACKGROUND)
    picture.paste(Image.fromarray(frame), (0, 0))
    canvas = ImageDraw.Draw(picture)
    canvas.text((MARGIN, height + 6), fit(sentence, width - 90 - 2 * MARGIN, 13), FAINT, font(13))
    canvas.text((width - MARGIN, height + 6), f"{reward:.3f}", TEXT, font(13), anchor="ra")
    return np.asarray(picture)


def strip(path: Path, across: int, down: int) -> np.ndarray:
    """So many moments of a film, evenly spread over it, on one picture: uint8 RGB (H, W, 3)."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    shown = [frames[round(number)] for number in np.linspace(0, len(frames) - 1, across * down)]
    return np.vstack([np.hstack(shown[row * across : (row + 1) * across]) for row in range(down)])


def _episode(workers: Workers, seed: int, act: Act) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pictures (N, C, H, W, 3) after each decision and the environment's own rewards (N,), some at a time."""
    observation = workers.reset({0: seed})[0]
    pictures, own = [], []
    for number in range(workers.facts.episode):
        step, picture = workers.step({0: act(observation[None])[0]}, pictures=True)[0]
        observation = step.observation
        pictures.append(picture)
        own.append(step.reward)
        last = step.over or number + 1 == workers.facts.episode
        if last or len(pictures) == _AT_ONCE:
            yield np.stack(pictures), np.array(own, dtype=np.float32)
            pictures, own = [], []
        if last:
            break
