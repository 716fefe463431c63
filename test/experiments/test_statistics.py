# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from unified_agent.experiments.statistics import bootstrap, quartiles, wilson


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"), [(95, 100, 0.888, 0.978), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0)]
)
def test_the_interval_of_a_rate_is_wilsons(successes, count, low, high):
    assert wilson(successes, count) == pytest.approx((low, high), abs=0.001)


def test_quartiles_of_a_curve_are_taken_at_each_of_its_points():
    assert quartiles([[1, 10], [2, 20], [3, 30], [4, 40], [5, 50]]).tolist() == [[2, 20], [3, 30], [4, 40]]


def test_a_run_that_never_came_there_counts_as_infinite():
    assert quartiles([1.0, 2.0, math.inf]).tolist() == [1.5, 2.0, math.inf]
    assert quartiles([1.0, math.inf]).tolist() == [math.inf] * 3


def test_the_bootstrap_interval_of_a_mean_is_as_wide_as_theory_has_it():
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    low, high = bootstrap(values)
    assert (low, high) == pytest.approx((values.mean() - 0.196, values.mean() + 0.196), abs=0.03)
    assert bootstrap(values) == (low, high)


def test_draws_without_a_statistic_are_left_out():
    assert bootstrap([1.0, 1.0, math.nan]) == (1.0, 1.0)
    assert np.isnan(bootstrap([math.nan, math.nan])).all()
