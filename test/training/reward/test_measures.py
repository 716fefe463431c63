# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.training.reward import measures


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("true", "false", "area"),
    [((3, 4), (1, 2), 1.0), ((1, 2), (3, 4), 0.0), ((1, 3), (2,), 0.5), ((2, 3), (2, 2), 0.75), ((1, 1), (1,), 0.5)],
)
def test_the_auc_is_the_share_of_pairs_in_order_and_ties_count_half(true, false, area):
    assert measures.auc(array(*true), array(*false)) == area


def test_one_class_alone_has_no_auc():
    assert np.isnan(measures.auc(array(1, 2), array()))
    assert np.isnan(measures.auc(array(), array(1)))
    assert np.isnan(measures.auc_error(0.9, 3, 0))


def test_the_error_of_an_auc_is_that_of_the_source():
    """Hanley and McNeil 1982, table II: 51 abnormal and 58 normal images, an area of .893, an error of .032."""
    assert measures.auc_error(0.893, 51, 58) == pytest.approx(0.032, abs=0.001)


def test_an_auc_of_one_from_few_views_is_not_certain():
    assert measures.auc_error(1.0, 3, 3) > 0.05
    assert measures.auc_error(1.0, 500, 500) < 0.001


@pytest.mark.parametrize(
    ("rewards", "distance"), [((5, 5, 7, 7), 0.0), ((7, 7, 5, 5), 1.0), ((5, 7, 5, 7), np.sqrt(0.5))]
)
def test_the_epic_distance_sees_neither_scale_nor_shift(rewards, distance):
    assert measures.epic(array(*rewards), array(0, 0, 1, 1)) == pytest.approx(distance)


def test_a_reward_that_never_changes_has_no_distance_and_no_order():
    assert np.isnan(measures.epic(array(0.2, 0.2, 0.2), array(0, 1, 1)))
    assert np.isnan(measures.value_order_correlation(array(0.2, 0.2, 0.2)))
    assert np.isnan(measures.value_order_correlation(array(0.2)))


def test_rank_correlation_gives_equal_values_their_mean_rank():
    """1 - 6 sum d^2 / (n (n^2 - 1)) holds without ties; with them, Pearson of the ranks (1.5, 1.5, 3) and (1, 2, 3)."""
    assert measures.rank_correlation(array(1, 2, 3, 4), array(10, 30, 20, 40)) == pytest.approx(0.8)
    assert measures.rank_correlation(array(7, 7, 9), array(1, 2, 3)) == pytest.approx(np.sqrt(0.75))


def test_values_in_the_order_of_time_correlate_whatever_their_steps():
    assert measures.value_order_correlation(array(0, 0.1, 5, 100)) == pytest.approx(1.0)
    assert measures.value_order_correlation(array(3, 2, 1)) == pytest.approx(-1.0)


@pytest.mark.parametrize("measure", [measures.auc, measures.epic, measures.rank_correlation])
def test_what_is_no_number_is_told(measure):
    with pytest.raises(UserError, match="1 of 3 rewards"):
        measure(array(0.1, np.nan, 0.3), array(0, 1, 1))


def test_the_mean_is_of_what_is_defined():
    assert measures.mean_of([1.0, np.nan, 3.0]) == 2.0
    assert np.isnan(measures.mean_of([np.nan]))
