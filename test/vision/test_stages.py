# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.vision.stages import Stages, shaped


def test_progress_in_a_stage_lies_between_its_floor_and_its_threshold():
    stages = Stages([0.8, 0.8], [0.2, 0.0])
    assert stages.step([0.5, 0.0]) == pytest.approx(0.25)
    assert stages.step([0.1, 0.0]) == 0


def test_a_stage_latches_once_it_was_seen_done_for_some_moments_in_a_row():
    grasped = [0.9, 0.9, 0.0, 0.9, 0.9, 0.9, 0.0, 0.0]
    stacked = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.8]
    rewards = Stages([0.8, 0.8], moments=3).episode(np.stack([grasped, stacked], axis=1))
    np.testing.assert_allclose(rewards, [0.5, 0.5, 0, 0.5, 0.5, 0.5, 0.75, 1.0])


def test_a_plan_that_is_done_stays_done_until_an_episode_begins():
    stages = Stages([0.5], moments=1)
    assert [stages.step([reward]) for reward in (0.6, 0.0)] == [1.0, 1.0]
    stages.reset()
    assert stages.step([0.0]) == 0


def test_an_episode_begins_by_itself():
    stages, moments = Stages([0.5, 0.5], moments=1), np.array([[0.6, 0.0], [0.0, 0.25]])
    np.testing.assert_array_equal(stages.episode(moments), stages.episode(moments))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([],), "threshold each"),
        (([0.5], [0.1, 0.2]), "1 thresholds and 2 floors"),
        (([0.5], [0.5]), "Stage 1"),
        (([float("nan")],), "Stage 1"),
        (([0.5], None, 0), "'moments'"),
    ],
)
def test_stages_that_make_no_sense_are_refused(arguments, told):
    with pytest.raises(UserError, match=told):
        Stages(*arguments)


def test_rewards_of_another_number_of_stages_are_refused():
    with pytest.raises(UserError, match="2 stages"):
        Stages([0.5, 0.5]).step([0.1])


@pytest.mark.parametrize("terminated", [True, False])
def test_shaping_changes_a_return_by_the_first_potential_and_what_a_time_limit_leaves(terminated):
    potentials, gamma = np.array([0.3, 0.9, 0.1, 0.7]), 0.9
    discounted = shaped(potentials, gamma, terminated) @ gamma ** np.arange(3)
    assert discounted == pytest.approx((0.0 if terminated else gamma**3 * 0.7) - 0.3)
