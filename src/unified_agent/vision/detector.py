# SPDX-License-Identifier: Apache-2.0
"""Which sentences are true in the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip
from unified_agent.vision.preprocess import FrameError
from unified_agent.vision.sentences import checked, plain

# The threshold of the Unified Agent paper: what a checkpoint without calibrated ones gets.
PAPER_GAMMA = 0.8
# Uncalibrated sentences that are named one by one; more are counted.
_NAMED = 3


@dataclass(frozen=True)
class Views:
    """What was seen in moments, or in one.

    Attributes:
        scores: of every sentence, float32, shape (N, M), or (M,) of one moment.
        distances: from the scenes that the CLIP knows, of the camera that is furthest, shape (N,) or (); None where its
            card does not describe them.
        unfamiliar: whether the distance is over that of known scenes, bool, shape (N,) or (); None as above. What is
            scored there is a guess: a cat may be "the red object".
    """

    scores: np.ndarray
    distances: np.ndarray | None = None
    unfamiliar: np.ndarray | None = None


class Detector:
    """Scores frames of all cameras against sentences whose embeddings are computed once.

    The score of a sentence is the mean over the cameras of the cosine similarity between
    the frame and the sentence, in [-1, 1]; the sentence is held true where the score
    exceeds its threshold gamma.

    Attributes:
        sentences: what is asked of every frame.
        thresholds: gamma of each sentence, shape (M,).
        calibrated: which sentences have a threshold of their own, bool, shape (M,): from the caller or on the model's
            card. The others have the default, which says little: see `doubts`.
    """

    def __init__(
        self,
        clip: Clip,
        sentences: Sequence[str],
        thresholds: Mapping[str, float] | None = None,
        default: float | None = None,
    ):
        """
        Args:
            clip: the model.
            sentences: at least one; any English sentence that denies nothing.
            thresholds: sentence -> gamma, before those on the checkpoint's card.
            default: gamma of a sentence that neither names, before the card's ``default_threshold``; the paper's 0.8
                without both. Such a sentence is not calibrated.

        Raises:
            UserError: where there is no sentence, one of `ask`'s reasons, or a threshold outside [-1, 1].
        """
        if not sentences:
            raise UserError("A detector needs at least one sentence.")
        self._clip = clip
        self._gammas = {**clip.card.get("thresholds", {}), **(thresholds or {})}
        self._default = clip.card.get("default_threshold", PAPER_GAMMA) if default is None else default
        for sentence, gamma in {**self._gammas, "any other sentence": self._default}.items():
            if not -1.0 <= gamma <= 1.0:
                raise UserError(f"The threshold of '{sentence}' is a cosine in [-1, 1], not {gamma}.")
        # A capital letter or a full stop makes no other sentence.
        self._written = {plain(sentence): sentence for sentence in self._gammas}
        self.sentences: tuple[str, ...] = ()
        self.ask(sentences)

    def ask(self, sentences: Sequence[str]) -> None:
        """Score these sentences from now on, in this order, instead of those before.

        One that differs from a calibrated sentence in capitals, white space or a final stop only is scored as that.

        Raises:
            UserError: one is empty, denies something, or is longer than the model reads.
        """
        sentences = tuple(dict.fromkeys(sentences))
        written = [self._written.get(plain(s), s) for s in (checked(self._clip, sentence) for sentence in sentences)]
        text = self._clip.encode_text(written).T.contiguous()
        self.sentences, self._text = sentences, text
        self.thresholds = np.array([self._gammas.get(sentence, self._default) for sentence in written])
        self.calibrated = np.array([sentence in self._gammas for sentence in written])

    def doubts(self) -> str:
        """Which sentences are not calibrated, their threshold, and what to do; empty where all are."""
        doubtful = [s for s, calibrated in zip(self.sentences, self.calibrated, strict=True) if not calibrated]
        if not doubtful:
            return ""
        named = ", ".join(f"'{sentence}'" for sentence in doubtful[:_NAMED])
        more = f" and {len(doubtful) - _NAMED} more" if len(doubtful) > _NAMED else ""
        return (
            f"{len(doubtful)} of {len(self.sentences)} sentences are not calibrated for this CLIP and are held true "
            f"above {self._default:g}, a guess: {named}{more}. Mark some moments in which they are true, and "
            "'unified-agent calibrate' finds thresholds of their own."
        )

    def look(self, frames: Mapping[str, np.ndarray]) -> Views:
        """One moment; arguments and errors as `scores`."""
        if not frames:
            raise FrameError("No frame came: expected one a camera.")
        sizes = dict.fromkeys(frame.shape for frame in frames.values())
        stacks = [np.stack([frame for frame in frames.values() if frame.shape == size]) for size in sizes]
        views = [self.views(stack[:, None]) for stack in stacks]
        scores = sum(view.scores.sum(axis=0) for view in views) / len(frames)
        if self._clip.known is None:
            return Views(scores)
        distance = np.concatenate([view.distances for view in views]).max()
        return Views(scores, distance, distance > self._clip.known.threshold)

    def views(self, moments: np.ndarray) -> Views:
        """Many moments in one pass.

        Args:
            moments: RGB, uint8, shape (N, C, H, W, 3): a frame of each of C cameras, all of one size.
        """
        embeddings, distances = self._clip.encode_views(moments.reshape(-1, *moments.shape[2:]))
        scores = (embeddings @ self._text).reshape(*moments.shape[:2], -1).mean(dim=1).cpu().numpy()
        if distances is None:
            return Views(scores)
        distances = distances.reshape(moments.shape[:2]).amax(dim=1).cpu().numpy()
        return Views(scores, distances, distances > self._clip.known.threshold)

    def scores(self, frames: Mapping[str, np.ndarray]) -> np.ndarray:
        """The score of every sentence, shape (M,), float32.

        Args:
            frames: camera name -> RGB frame, uint8, shape (H, W, 3).

        Raises:
            FrameError: where there is no frame, or one is not RGB bytes.
        """
        return self.look(frames).scores

    def score_moments(self, moments: np.ndarray) -> np.ndarray:
        """The scores of many moments in one pass, shape (N, M), float32; arguments as `views`."""
        return self.views(moments).scores

    def true(self, scores: np.ndarray) -> np.ndarray:
        """Which scores exceed their thresholds, bool, shape (..., M)."""
        return scores > self.thresholds

    def held(self, views: Views) -> np.ndarray:
        """Which sentences are held true: over their thresholds, and in a scene that is not unfamiliar; (..., M)."""
        true = self.true(views.scores)
        return true if views.unfamiliar is None else true & ~np.expand_dims(views.unfamiliar, -1)

    def seen(self, scores: np.ndarray) -> set[str]:
        """The sentences whose scores, shape (M,), exceed their thresholds."""
        return {self.sentences[index] for index in np.flatnonzero(self.true(scores))}

    def best(self, scores: np.ndarray) -> str:
        """The caption: the sentence that is furthest above its threshold (or least below)."""
        return self.sentences[int(np.argmax(scores - self.thresholds))]
