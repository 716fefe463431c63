# SPDX-License-Identifier: Apache-2.0
"""How good a reward is without training on it: does it tell success, near misses, and how far there is to go?

A measure that its data leave undefined (one class only, a reward that never changes) is NaN: what was lacking, the
caller tells.
"""

from collections.abc import Sequence

import numpy as np

from unified_agent.errors import UserError


def auc(true: np.ndarray, false: np.ndarray) -> float:
    """The chance that a true view is rewarded more than a false one, ties counting half; NaN without one of a kind.

    The area under the ROC curve, which is Mann and Whitney's U / (N M) (Hanley and McNeil 1982). Of an episode's values
    it is the share of pairs in which the failed one is ranked below the successful one.

    Args:
        true, false: rewards, shapes (N,) and (M,).
    """
    true, false = _finite(true), _finite(false)
    if not len(true) or not len(false):
        return float("nan")
    ranked = np.sort(false)
    below = np.searchsorted(ranked, true, side="left") + np.searchsorted(ranked, true, side="right")
    return float(below.mean() / (2 * len(false)))


def auc_error(area: float, true: int, false: int) -> float:
    """The standard error of an AUC from so many true and false views (Hanley and McNeil 1982, equation 1).

    SE^2 = [A (1 - A) + (N - 1)(Q1 - A^2) + (M - 1)(Q2 - A^2)] / (N M), Q1 = A / (2 - A), Q2 = 2 A^2 / (1 + A). It is 0
    where every view was told apart, however few there are: A is held to 1 / (2 N M) from either end, half a pair.
    """
    if not true or not false or not np.isfinite(area):
        return float("nan")
    half = 1 / (2 * true * false)
    area = min(max(area, half), 1 - half)
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (true - 1) * (first - area**2) + (false - 1) * (second - area**2)
    return float(np.sqrt(spread / (true * false)))


def epic(rewards: np.ndarray, labels: np.ndarray) -> float:
    """The EPIC distance of a reward from labels over the same views, 0 (the same up to scale and shift) to 1.

    D = sqrt((1 - rho) / 2), rho Pearson's correlation of the canonicalised rewards (Gleave et al. 2021,
    arXiv 2006.13900, section 4). Of rewards R(s') of the state that is reached, canonicalisation takes
    away a constant only, which correlation does not see: rho is that of the rewards themselves, with the views as the
    distribution of states. So does the paper of CLIP rewards (arXiv 2310.12921), whose labels, as ours, are 1 for
    success and 0 for everything else.

    Args:
        rewards, labels: shape (N,).

    Returns:
        NaN where either is constant.
    """
    rho = _pearson(_finite(rewards), _finite(labels))
    return float(np.sqrt((1.0 - rho) / 2.0))


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rho, -1 to 1: Pearson's correlation of the ranks, equal values sharing their mean rank.

    Args:
        first, second: shape (N,).

    Returns:
        NaN where either is constant.
    """
    return _pearson(_ranks(_finite(first)), _ranks(_finite(second)))


def value_order_correlation(rewards: np.ndarray) -> float:
    """VOC of one successful episode: `rank_correlation` of its rewards with time.

    As GVL (Ma et al. 2024, arXiv 2411.04549, section 4) and TOPReward define it for values predicted in a successful
    demonstration: 1 where each moment is worth more than the one before. NaN for a reward that never changes.

    Args:
        rewards: in the order of time, shape (T,).
    """
    return rank_correlation(rewards, np.arange(len(rewards)))


def mean_of(values: Sequence[float]) -> float:
    """The mean of those values that are defined; NaN where none is."""
    defined = [value for value in values if np.isfinite(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _pearson(first: np.ndarray, second: np.ndarray) -> float:
    if first.shape != second.shape:
        raise ValueError(f"Expected as many of one as of the other, not {first.shape} and {second.shape}.")
    # What differs by no more than rounding is constant.
    spreads = [np.ptp(x) / max(np.abs(x).max(), 1e-30) if len(x) else 0.0 for x in (first, second)]
    if min(spreads) < 1e-9:
        return float("nan")
    return float(np.clip(np.corrcoef(first, second)[0, 1], -1.0, 1.0))


def _ranks(values: np.ndarray) -> np.ndarray:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[where]


def _finite(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if lost := int((~np.isfinite(values)).sum()):
        raise UserError(f"{lost} of {values.size} rewards or labels are no finite numbers: nothing can be measured.")
    return values
