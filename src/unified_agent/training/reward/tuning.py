# SPDX-License-Identifier: Apache-2.0
"""Which wording of a goal, which baseline and which alpha tell success best: one encoding, every candidate."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from unified_agent.errors import UserError, in_range
from unified_agent.training.reward.evidence import LabelledView
from unified_agent.training.reward.measures import (
    auc,
    auc_error,
    epic,
    mean_of,
    rank_correlation,
    value_order_correlation,
)
from unified_agent.vision.clip import FRAMES, Clip
from unified_agent.vision.reward import Goal, RewardModel, regularized

ALPHAS = tuple(round(0.1 * step, 1) for step in range(11))
FOLDS = 5
MEASURES = {
    "auc": "success AUC",
    "near_auc": "near-miss AUC",
    "epic": "EPIC distance",
    "voc": "VOC",
    "rho": "rank correlation with nearness",
}
"""Measure -> what people call it; less is better of the distance, more of the others."""


@dataclass(frozen=True)
class JudgedViews:
    """Labelled views and what every candidate makes of them.

    Attributes:
        rewards: float32, shape (N, R, A): of R rows of words (a goal, and a baseline) and A alphas.
        truth: 1, 0 or -1 (not known), int8, shape (N,).
        near: which are near misses, bool, shape (N,).
        distance: from success, shape (N,); NaN where it is not known.
        episode: number of the episode of each view, shape (N,).
        unfamiliar: which views show a scene that the CLIP does not know, bool, shape (N,); None where it cannot tell.
    """

    rewards: np.ndarray
    truth: np.ndarray
    near: np.ndarray
    distance: np.ndarray
    episode: np.ndarray
    unfamiliar: np.ndarray | None

    def of(self, views: np.ndarray) -> "JudgedViews":
        """A part of the views: a mask of shape (N,)."""
        parts = (self.rewards, self.truth, self.near, self.distance, self.episode)
        return JudgedViews(
            *(part[views] for part in parts), None if self.unfamiliar is None else self.unfamiliar[views]
        )

    @property
    def counts(self) -> tuple[int, int, int]:
        """Views of success, of its opposite, and near misses among these."""
        false = self.truth == 0
        return int((self.truth == 1).sum()), int(false.sum()), int((false & self.near).sum())

    @property
    def successes(self) -> list[np.ndarray]:
        """Indices of the views of each episode that ends in success, in the order of time."""
        episodes = (np.flatnonzero(self.episode == number) for number in np.unique(self.episode))
        return [views for views in episodes if len(views) > 2 and _last_known(self.truth[views]) == 1]


class Sweep:
    """All candidates: every goal with every baseline, at every alpha.

    Attributes:
        rows: goals at alpha 0, R of them.
        alphas: A of them; 0 alone where there is no baseline.
    """

    def __init__(
        self,
        clip: Clip,
        sentences: Sequence[str],
        baselines: Sequence[str] = (),
        alphas: Sequence[float] = ALPHAS,
    ):
        """
        Args:
            sentences: wordings of one goal; each is tried, and where there are several also their mean.
            baselines: the scene without the goal, tried likewise.

        Raises:
            UserError: see `RewardModel`, or an alpha lies outside [0, 1].
        """
        for alpha in alphas:
            in_range("--alpha", alpha, 0.0, 1.0)
        self.alphas = tuple(sorted(set(alphas))) if baselines else (0.0,)
        self.rows = tuple(Goal(wanted, without) for wanted in _sides(sentences) for without in _sides(baselines))
        self._model = RewardModel(clip, self.rows)
        self._device = clip.device.type

    def judge(self, views: Iterable[LabelledView]) -> JudgedViews:
        """Reward views, which are not kept.

        Raises:
            UserError: there is none.
        """
        rewards, unfamiliar, told, numbers = [], [], [], {}
        for batch in _batches(views, FRAMES[self._device]):
            of_batch, strange = self._rewards([view.frames for view in batch])
            rewards.append(of_batch)
            unfamiliar.append(strange)
            for view in batch:
                number = numbers.setdefault(view.episode, len(numbers))
                told.append((view.truth, view.near, view.distance, number))
        if not told:
            raise UserError("There is no labelled view to judge a reward by.")
        truth, near, distance, episode = (np.array(column) for column in zip(*told, strict=True))
        return JudgedViews(
            np.concatenate(rewards),
            truth.astype(np.int8),
            near.astype(bool),
            distance.astype(float),
            episode,
            None if unfamiliar[0] is None else np.concatenate(unfamiliar),
        )

    def _rewards(self, moments: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray | None]:
        """Rewards (N, R, A), the mean over each moment's cameras, whose frames may differ in size; and `unfamiliar`."""
        frames = [frame for moment in moments for frame in moment]
        owner = np.repeat(np.arange(len(moments)), [len(moment) for moment in moments])
        rewards = np.zeros((len(frames), len(self.rows), len(self.alphas)), np.float32)
        strange = np.zeros(len(frames), bool)
        known = True
        for shape in dict.fromkeys(frame.shape for frame in frames):
            where = np.flatnonzero([frame.shape == shape for frame in frames])
            looks = self._model.look(np.stack([frames[index] for index in where])[:, None])
            rewards[where] = self._swept(looks.cosines[:, 0])
            known = looks.unfamiliar is not None
            strange[where] = looks.unfamiliar if known else False
        counts = np.bincount(owner)
        mean = np.zeros((len(moments), *rewards.shape[1:]), np.float32)
        np.add.at(mean, owner, rewards)
        return mean / counts[:, None, None], np.bincount(owner, strange) > 0 if known else None

    def _swept(self, cosines: np.ndarray) -> np.ndarray:
        """(N, R, 2) -> (N, R, A)."""
        alphas = np.array(self.alphas)[:, None]
        rows = [regularized(cosines[:, row], self._model.overlaps[row], alphas).T for row in range(len(self.rows))]
        return np.stack(rows, axis=1)


def measured(found: JudgedViews) -> dict[str, np.ndarray]:
    """Each of `MEASURES` for every candidate, shape (R, A); NaN where the views do not define it."""
    true, false = found.truth == 1, found.truth == 0
    near, far = false & found.near, np.isfinite(found.distance)
    successes = found.successes

    def of(rewards: np.ndarray) -> tuple[float, ...]:
        known = true | false
        return (
            auc(rewards[true], rewards[false]),
            auc(rewards[true], rewards[near]),
            epic(rewards[known], true[known]),
            mean_of([value_order_correlation(rewards[episode]) for episode in successes]),
            rank_correlation(rewards[far], -found.distance[far]),
        )

    table = np.apply_along_axis(of, 0, found.rewards)
    return dict(zip(MEASURES, table, strict=True))


def choose(figures: dict[str, np.ndarray], true: int, false: int, near: int) -> tuple[int, int]:
    """The row and the alpha to take.

    Of the candidates whose AUC, and whose near-miss AUC, lie within one standard error of the best (the rule of one
    standard error, Breiman et al. 1984: finer differences are chance) the one at the least EPIC distance, which keeps
    most of how far there is to go; of equal ones the first, with the least alpha.

    Args:
        true, false, near: numbers of views.

    Raises:
        UserError: no candidate can be measured.
    """
    good = np.isfinite(figures["auc"])
    if not good.any():
        raise UserError(
            f"{true} views show success and {false} do not: some of both are needed to tell wordings apart."
        )
    for name, others in (("auc", false), ("near_auc", near)):
        areas = np.where(good, figures[name], np.nan)
        if np.isfinite(areas).any():
            best = float(np.nanmax(areas))
            good &= areas >= best - auc_error(best, true, others)
    distances = np.where(good, np.nan_to_num(figures["epic"], nan=1.0), np.inf)
    row, alpha = np.unravel_index(int(np.argmin(np.round(distances, 6))), distances.shape)
    return int(row), int(alpha)


def cross_validated(found: JudgedViews) -> dict[str, float]:
    """The measures of the choice on views that it was not chosen by: what may be hoped for on new ones.

    Whole episodes are held out in turn, in `FOLDS` parts with as equal shares of success as may be. Empty where there
    are too few: views of one episode resemble each other, so they are never on both sides.
    """
    folds = _folds(found)
    if folds is None:
        return {}
    rows = []
    for fold in range(FOLDS):
        rest, held_out = found.of(folds != fold), found.of(folds == fold)
        row, alpha = choose(measured(rest), *rest.counts)
        part = replace(held_out, rewards=held_out.rewards[:, row : row + 1, alpha : alpha + 1])
        rows.append({name: float(values[0, 0]) for name, values in measured(part).items()})
    return {name: mean_of([row[name] for row in rows]) for name in MEASURES}


def _folds(found: JudgedViews) -> np.ndarray | None:
    """The fold of each view, shape (N,); None where some fold would lack success, or lack its opposite."""
    fold_of = np.zeros(int(found.episode.max()) + 1, int)
    kinds = [
        (bool((found.truth[views] == 1).any()), bool((found.truth[views] == 0).any()), bool(found.near[views].any()))
        for views in (found.episode == number for number in range(len(fold_of)))
    ]
    for kind in sorted(set(kinds)):
        alike = [number for number, one in enumerate(kinds) if one == kind]
        fold_of[alike] = np.arange(len(alike)) % FOLDS
    folds = fold_of[found.episode]
    both = all(
        (found.truth[folds == fold] == 1).any() and (found.truth[folds == fold] == 0).any() for fold in range(FOLDS)
    )
    return folds if both else None


def _sides(sentences: Sequence[str]) -> list[tuple[str, ...]]:
    sentences = tuple(dict.fromkeys(sentences))
    each: list[tuple[str, ...]] = [(sentence,) for sentence in sentences]
    return [*each, sentences] if len(each) != 1 else each


def _batches(views: Iterable[LabelledView], size: int) -> Iterator[list[LabelledView]]:
    views = iter(views)
    while batch := list(islice(views, size)):
        yield batch


def _last_known(truth: np.ndarray) -> int:
    known = truth[truth >= 0]
    return int(known[-1]) if len(known) else -1
