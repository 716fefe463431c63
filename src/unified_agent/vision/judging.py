# SPDX-License-Identifier: Apache-2.0
"""The reward of moments with what says how far to believe it: the goal's threshold, and whether the scene is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from unified_agent.errors import in_range
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import PAPER_GAMMA
from unified_agent.vision.reward import Goal, Looks, RewardModel
from unified_agent.vision.sentences import plain


@dataclass(frozen=True)
class Judgement:
    """What is said of one moment.

    Attributes:
        reward: of the goal, with its baseline and alpha.
        cosine: of the frames with the goal, mean over the cameras, in [-1, 1]; what the threshold is for.
        threshold: over which the goal is held to be reached.
        calibrated: whether the threshold was found for this sentence, and is not a default: a guess.
        familiar: whether the scene is one that the CLIP knows; what it says of others is a guess.
    """

    reward: float
    cosine: float
    threshold: float
    calibrated: bool = True
    familiar: bool = True

    @property
    def over(self) -> bool:
        return self.cosine > self.threshold


class Judge:
    """A reward model, and the threshold of its goal on the model's card.

    A goal that differs from a sentence of the card in capitals, white space or a final stop only is taken as that. One
    of several wordings has no threshold of its own: their mean is another vector.

    Attributes:
        goal: what is wanted.
        model: what rewards it.
        threshold: of the cosine.
        calibrated: whether it is the goal's own, or the caller's.
        reshaped: what of the frames that came is squashed, cropped away or padded: a sentence for each size of them.
    """

    def __init__(self, clip: Clip, goal: Goal, threshold: float | None = None):
        """
        Args:
            threshold: cosine in [-1, 1], before that of the card.

        Raises:
            UserError: a threshold out of its range; and see `RewardModel`.
        """
        if threshold is not None:
            in_range("threshold", threshold, -1.0, 1.0)
        thresholds = clip.card.get("thresholds", {})
        written = {plain(sentence): sentence for sentence in thresholds}
        self.goal = replace(goal, sentences=tuple(written.get(plain(one), one) for one in goal.sentences))
        self.model = RewardModel(clip, self.goal)
        default = clip.card.get("default_threshold", PAPER_GAMMA)
        own = thresholds.get(self.goal.sentences[0]) if len(self.goal.sentences) == 1 else None
        own = own if threshold is None else threshold
        self.calibrated = own is not None
        self.threshold = float(own if self.calibrated else default)
        self.reshaped: list[str] = []
        self._sizes: set[tuple[int, int]] = set()

    @property
    def name(self) -> str:
        """The goal, as it is called where rewards are told."""
        return " / ".join(self.goal.sentences)

    def look(self, moments: Sequence[Sequence[np.ndarray]]) -> Looks:
        """Moments with a frame of each of C cameras, RGB, uint8, (H, W, 3), of any sizes."""
        for size in {frame.shape[:2] for frames in moments for frame in frames} - self._sizes:
            self._sizes.add(size)
            self.reshaped += filter(None, [self.model.clip.reshaping(*size)])
        each = [self._camera(frames) for frames in zip(*moments, strict=True)]
        strange = [look.unfamiliar for look in each if look.unfamiliar is not None]
        # A moment is as far from known scenes as its furthest camera.
        unfamiliar = np.any(strange, axis=0) if strange else None
        return Looks(np.concatenate([look.cosines for look in each], axis=1), unfamiliar)

    def judgements(self, looks: Looks) -> list[Judgement]:
        """One a moment."""
        rewards = self.model.rewards(looks).tolist()
        cosines = looks.cosines[:, :, 0, 0].mean(axis=1).tolist()
        strange = [False] * len(rewards) if looks.unfamiliar is None else looks.unfamiliar.tolist()
        return [
            Judgement(reward, cosine, self.threshold, self.calibrated, not unfamiliar)
            for reward, cosine, unfamiliar in zip(rewards, cosines, strange, strict=True)
        ]

    def doubts(self) -> str:
        """That the threshold is a guess; empty where it is not."""
        if self.calibrated:
            return ""
        return (
            f"'{self.name}' has no threshold of its own on this CLIP's card: 'over' means over "
            f"{self.threshold:g}, a guess. The reward itself needs none; 'unified-agent calibrate' finds one."
        )

    def _camera(self, frames: Sequence[np.ndarray]) -> Looks:
        """Of one camera's frames, which may change their size."""
        if len({frame.shape for frame in frames}) == 1:
            return self.model.look(np.stack(frames)[:, None])
        each = [self.model.look(frame[None, None]) for frame in frames]
        strange = None if each[0].unfamiliar is None else np.concatenate([look.unfamiliar for look in each])
        return Looks(np.concatenate([look.cosines for look in each]), strange)
