# SPDX-License-Identifier: Apache-2.0
import numpy as np

from unified_agent.bench.reward import Published, _clip, reward_profile, sweep_profile
from unified_agent.vision.reward import Goal, RewardModel


def test_a_sweep_in_closed_form_says_the_same_as_the_matrices_and_costs_far_less():
    found = sweep_profile(rounds=1, frames=100)
    assert found["sweep_difference"] < 1e-5
    assert found["sweep_ratio"] > 20


def test_the_published_path_is_dearer_on_the_same_frames():
    found = reward_profile(frames=4, rounds=1, models=("default",), streams=False)
    assert found["default_ratio"] > 1


def test_the_published_path_gives_our_rewards_where_both_prepare_frames_alike():
    goal, clip = Goal(("the red object is on the table",), ("a robot and a table",), 0.5), _clip("default")
    frames = np.full((1, *clip.image_size, 3), 90, np.uint8)
    published = Published(clip, goal)
    published.transform = lambda pixels: clip._preprocess(frames)
    theirs = published.rewards(published.embed(frames), published.projection(0.5))
    np.testing.assert_allclose(RewardModel(clip, goal).score(frames[:, None]), theirs, atol=1e-4)
