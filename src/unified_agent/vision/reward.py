# SPDX-License-Identifier: Apache-2.0
"""A sentence as the reward: the cosine with a goal, regularized by a baseline (Rocamonde 2024, arXiv 2310.12921)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from unified_agent.errors import UserError, in_range, nearest
from unified_agent.vision.clip import FRAMES, Clip
from unified_agent.vision.preprocess import FrameError
from unified_agent.vision.sentences import checked

JOINS = {"product": lambda each: np.prod(np.maximum(each, 0.0), axis=0), "minimum": lambda each: np.min(each, axis=0)}
"""How the rewards of several goals become that of all of them together.

Of a product a reward below 0 counts as 0, so that two goals missed make no goal reached: it never falls when one of
them rises. Two cosines of 0.2 make 0.04, so that only its order means something. The minimum is a reward like each of
them, and tells nothing of the better ones.
"""
# A goal and a baseline nearer than this (distance of unit vectors) have no direction between them.
_SAME = 1e-3


@dataclass(frozen=True)
class Goal:
    """What is wanted, in words.

    Attributes:
        sentences: the goal, said in one way or several; their embeddings are averaged.
        baselines: the scene without the goal ("a humanoid robot"), said in one way or several; none: ``alpha`` is 0.
        alpha: of goal-baseline regularization, from 0 (the cosine with the goal) to 1 (only where the frame lies on the
            line from baseline to goal).

    Raises:
        UserError: no sentence, ``alpha`` out of its range, or one above 0 without a baseline.
    """

    sentences: tuple[str, ...]
    baselines: tuple[str, ...] = ()
    alpha: float = 0.0

    def __post_init__(self) -> None:
        if not self.sentences:
            raise UserError("A goal needs at least one sentence.")
        in_range("alpha", self.alpha, 0.0, 1.0)
        if self.alpha and not self.baselines:
            raise UserError(
                f"alpha is {self.alpha:g}, but there is no baseline: describe the scene without the goal, such as "
                "'a robot and a table'; or leave alpha at 0."
            )


@dataclass(frozen=True)
class Looks:
    """What rewards are computed from, for any alpha.

    Attributes:
        cosines: of every frame with both sides of each of G goals, float32, shape (N, C, G, 2); of a goal without
            a baseline the second is 0.
        unfamiliar: which moments show a scene that the CLIP does not know, bool, shape (N,); None where it cannot tell.
    """

    cosines: np.ndarray
    unfamiliar: np.ndarray | None = None


class RewardModel:
    """The reward of moments: of each frame for each goal, joined over the goals, averaged over the cameras.

    Attributes:
        goals: what is wanted.
        clip: the model that looks.
        join: one of `JOINS`; a single goal's reward is its own.
        precision: in which frames are encoded: the fastest of this machine, see `Clip.precision`.
        overlaps: cosine of goal and baseline of each goal, shape (G,).
    """

    def __init__(self, clip: Clip, goals: Goal | Sequence[Goal], join: str = "product"):
        """
        Raises:
            UserError: no goal, a sentence that cannot be scored, a goal and a baseline that say the same, or an
                unknown way to join.
        """
        if join not in JOINS:
            raise UserError(f"Unknown way to join goals: '{join}'. {nearest(join, JOINS)}")
        self.clip, self.join = clip, join
        self.goals = (goals,) if isinstance(goals, Goal) else tuple(goals)
        if not self.goals:
            raise UserError("A reward needs at least one goal.")
        self.precision = clip.precision
        sides = [self._embedded(side) for goal in self.goals for side in (goal.sentences, goal.baselines)]
        self._text = torch.stack(sides)
        pairs = self._text.unflatten(0, (-1, 2))
        self.overlaps = (pairs[:, 0] * pairs[:, 1]).sum(dim=-1).cpu().numpy()
        for goal, (wanted, baseline) in zip(self.goals, pairs, strict=True):
            if goal.baselines and float((wanted - baseline).norm()) < _SAME:
                raise UserError(
                    f"The goal '{goal.sentences[0]}' and its baseline '{goal.baselines[0]}' say the same to this CLIP: "
                    "describe the scene without the goal."
                )

    def look(self, moments: np.ndarray) -> Looks:
        """Encode moments; memory is bounded by that of ``moments``.

        Args:
            moments: RGB, uint8, shape (N, C, H, W, 3): a frame of each of C cameras.

        Raises:
            FrameError: they are something else, or none.
        """
        if moments.ndim != 5 or moments.size == 0:
            raise FrameError(f"Expected moments of shape (N, C, H, W, 3), not {moments.shape}.")
        count, cameras = moments.shape[:2]
        frames = moments.reshape(-1, *moments.shape[2:])
        cosines, distances = [], []
        at_once = FRAMES[self.clip.device.type]
        for start in range(0, len(frames), at_once):
            with self.precision.autocast(self.clip.device):
                embeddings, far = self.clip.encode_views(frames[start : start + at_once])
            cosines.append((embeddings @ self._text.T).cpu().numpy())
            if far is not None:
                distances.append(far.cpu().numpy())
        shaped = np.concatenate(cosines).reshape(count, cameras, len(self.goals), 2)
        if not distances:
            return Looks(shaped)
        furthest = np.concatenate(distances).reshape(count, cameras).max(axis=1)
        return Looks(shaped, furthest > self.clip.known.threshold)

    def rewards(self, looks: Looks) -> np.ndarray:
        """float32, shape (N,)."""
        return self._joined(self._each(looks)).mean(axis=1)

    def apart(self, looks: Looks) -> np.ndarray:
        """The rewards of each goal alone, such as those of `Stages`: float32, shape (N, G)."""
        return self._each(looks).mean(axis=2).T

    def score(self, moments: np.ndarray) -> np.ndarray:
        """`rewards` of `look`."""
        return self.rewards(self.look(moments))

    def _each(self, looks: Looks) -> np.ndarray:
        """(G, N, C)."""
        goals = zip(self.overlaps, self.goals, strict=True)
        return np.stack(
            [regularized(looks.cosines[:, :, i], overlap, goal.alpha) for i, (overlap, goal) in enumerate(goals)]
        )

    def _joined(self, each: np.ndarray) -> np.ndarray:
        return each[0] if len(each) == 1 else JOINS[self.join](each)

    def _embedded(self, sentences: Sequence[str]) -> torch.Tensor:
        """The unit vector of one side, shape (D,); zero without sentences."""
        if not sentences:
            return torch.zeros_like(self.clip.encode_text(["red"])[0])
        embeddings = self.clip.encode_text([checked(self.clip, sentence) for sentence in sentences])
        return functional.normalize(embeddings.mean(dim=0), dim=0)


def regularized(cosines: np.ndarray, overlap: float, alpha: float | np.ndarray) -> np.ndarray:
    """R_alpha(s) = 1 - 1/2 ||alpha proj_L(s) + (1 - alpha) s - g||^2, L the line through goal g and baseline b.

    In closed form: with p = ((s.g - s.b) - (1 - g.b)) / ||g - b||, the signed distance along L from g,
    R_alpha(s) = 1 - 1/2 [(1 - alpha)^2 (2 - 2 s.g) + (1 - (1 - alpha)^2) p^2].

    Args:
        cosines: s.g and s.b, shape (..., 2).
        overlap: g.b.
        alpha: in [0, 1]; for many at once, of shape (A, 1, ...), against cosines without their last axis.

    Returns:
        The dtype of ``cosines``, shape (...).
    """
    to_goal, to_baseline = cosines[..., 0], cosines[..., 1]
    # One without a baseline has an overlap of 0, and an alpha of 0.
    along = (to_goal - to_baseline - (1.0 - overlap)) / np.sqrt(2.0 - 2.0 * overlap)
    kept = np.square(1.0 - np.asarray(alpha, dtype=cosines.dtype))
    return 1.0 - 0.5 * (kept * (2.0 - 2.0 * to_goal) + (1.0 - kept) * np.square(along))
