# SPDX-License-Identifier: Apache-2.0
"""Which sentences are true in the picture."""

from collections.abc import Mapping, Sequence

import numpy as np

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip
from unified_agent.vision.preprocess import FrameError

# The threshold of the Unified Agent paper: what a checkpoint without calibrated ones gets.
PAPER_GAMMA = 0.8


class Detector:
    """Scores frames of all cameras against sentences whose embeddings are computed once.

    The score of a sentence is the mean over the cameras of the cosine similarity between
    the frame and the sentence, in [-1, 1]; the sentence is held true where the score
    exceeds its threshold gamma.

    Attributes:
        sentences: what is asked of every frame.
        thresholds: gamma of each sentence, shape (M,).
    """

    def __init__(self, clip: Clip, sentences: Sequence[str], thresholds: Mapping[str, float] | None = None):
        """
        Args:
            clip: the model.
            sentences: at least one; any English sentence.
            thresholds: sentence -> gamma, before those on the checkpoint's card. A sentence that
                neither names gets the card's ``default_threshold``, or the paper's 0.8 without a card.

        Raises:
            UserError: where there is no sentence, an empty one, or a threshold outside [-1, 1].
        """
        if not sentences:
            raise UserError("A detector needs at least one sentence.")
        self._clip = clip
        self._gammas = {**clip.card.get("thresholds", {}), **(thresholds or {})}
        for sentence, gamma in self._gammas.items():
            if not -1.0 <= gamma <= 1.0:
                raise UserError(f"The threshold of '{sentence}' is a cosine in [-1, 1], not {gamma}.")
        self.sentences: tuple[str, ...] = ()
        self.ask(sentences)

    def ask(self, sentences: Sequence[str]) -> None:
        """Score these sentences from now on, in this order, instead of those before."""
        sentences = tuple(dict.fromkeys(sentences))
        if blank := [sentence for sentence in sentences if not sentence.strip()]:
            raise UserError(f"A sentence to look for must say something, not {blank[0]!r}.")
        default = self._clip.card.get("default_threshold", PAPER_GAMMA)
        self.sentences = sentences
        self.thresholds = np.array([self._gammas.get(sentence, default) for sentence in sentences])
        self._text = self._clip.encode_text(sentences).T.contiguous()

    def scores(self, frames: Mapping[str, np.ndarray]) -> np.ndarray:
        """The score of every sentence, shape (M,), float32.

        Args:
            frames: camera name -> RGB frame, uint8, shape (H, W, 3).

        Raises:
            FrameError: where there is no frame, or one is not RGB bytes.
        """
        if not frames:
            raise FrameError("No frame came: expected one a camera.")
        sizes = dict.fromkeys(frame.shape for frame in frames.values())
        stacks = [np.stack([frame for frame in frames.values() if frame.shape == size]) for size in sizes]
        total = sum((self._clip.encode_image(stack) @ self._text).sum(dim=0) for stack in stacks)
        return (total / len(frames)).cpu().numpy()

    def score_moments(self, moments: np.ndarray) -> np.ndarray:
        """The scores of many moments in one pass, shape (N, M), float32.

        Args:
            moments: RGB, uint8, shape (N, C, H, W, 3): a frame of each of C cameras, all of one size.
        """
        similarity = self._clip.encode_image(moments.reshape(-1, *moments.shape[2:])) @ self._text
        return similarity.reshape(*moments.shape[:2], -1).mean(dim=1).cpu().numpy()

    def true(self, scores: np.ndarray) -> np.ndarray:
        """Which scores exceed their thresholds, bool, shape (..., M)."""
        return scores > self.thresholds

    def seen(self, scores: np.ndarray) -> set[str]:
        """The sentences whose scores, shape (M,), exceed their thresholds."""
        return {self.sentences[index] for index in np.flatnonzero(self.true(scores))}

    def best(self, scores: np.ndarray) -> str:
        """The caption: the sentence that is furthest above its threshold (or least below)."""
        return self.sentences[int(np.argmax(scores - self.thresholds))]
