# SPDX-License-Identifier: Apache-2.0
"""How sure a figure is: intervals of rates, and of what a few seeds gave."""

import math
from collections.abc import Callable, Sequence

import numpy as np

LEVEL = 0.95
DRAWS = 2_000


def wilson(successes: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a success rate (Wilson 1927)."""
    rate = successes / count
    middle = rate + z * z / (2 * count)
    spread = z * math.sqrt(rate * (1 - rate) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return round(max(0.0, (middle - spread) / scale), 3), round(min(1.0, (middle + spread) / scale), 3)


def quartiles(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """First quartile, median and third, shape (3, ...) of values (N, ...); infinite where that many never came."""
    values = np.asarray(values, dtype=float)
    shares = (0.25, 0.5, 0.75)
    with np.errstate(invalid="ignore"):
        above = np.quantile(values, shares, axis=0, method="higher")
    between = np.quantile(np.nan_to_num(values, posinf=np.finfo(float).max), shares, axis=0)
    return np.where(np.isinf(above), above, between)


def bootstrap(
    values: Sequence | np.ndarray, statistic: Callable[[np.ndarray], float] = np.mean, seed: int = 0
) -> tuple[float, float]:
    """The 95% interval of a statistic (percentile bootstrap, Efron 1979), the same at every call.

    Args:
        values: (N, ...), drawn anew with replacement along the first axis.
        statistic: of so many values; a draw for which it is NaN is left out.
        seed: of the draws.

    Returns:
        NaN twice where no draw has one.
    """
    values = np.asarray(values)
    rows = np.random.default_rng(seed).integers(len(values), size=(DRAWS, len(values)))
    drawn = np.array([statistic(values[row]) for row in rows], dtype=float)
    if np.isnan(drawn).all():
        return math.nan, math.nan
    low, high = np.nanquantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), method="inverted_cdf")
    return float(low), float(high)
