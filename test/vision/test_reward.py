# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from torch.nn import functional

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip
from unified_agent.vision.precision import Precision
from unified_agent.vision.preprocess import FrameError
from unified_agent.vision.reward import Goal, Looks, RewardModel, regularized

GOAL, BASELINE = "a humanoid robot kneeling", "a humanoid robot"


@pytest.fixture
def clip(tiny_folder):
    clip = Clip.load(str(tiny_folder), "cpu")
    clip.precision = Precision()  # whatever this machine does fastest
    return clip


def by_definition(s: torch.Tensor, g: torch.Tensor, b: torch.Tensor, alpha: float) -> torch.Tensor:
    """R_alpha as the paper writes it: 1 - 1/2 ||alpha proj_L(s) + (1 - alpha) s - g||^2, L the line through b and g."""
    direction = (g - b) / (g - b).norm()
    projected = b + ((s - b) @ direction)[:, None] * direction
    return 1 - 0.5 * (alpha * projected + (1 - alpha) * s - g).square().sum(dim=-1)


@pytest.mark.parametrize("alpha", np.linspace(0, 1, 11))
def test_the_closed_form_is_the_papers_definition(alpha):
    s, g, b = (
        functional.normalize(torch.randn(n, 64, generator=torch.Generator().manual_seed(n)), dim=-1)
        for n in (100, 1, 2)
    )
    g, b = g[0], b[0]
    cosines = torch.stack([s @ g, s @ b], dim=-1).numpy()
    ours = regularized(cosines, float(g @ b), float(alpha))
    np.testing.assert_allclose(ours, by_definition(s, g, b, float(alpha)), atol=1e-5)


def test_all_alphas_of_a_sweep_come_at_once():
    cosines = np.random.default_rng(0).uniform(-1, 1, (7, 2)).astype(np.float32)
    alphas = np.linspace(0, 1, 11)
    swept = regularized(cosines, 0.3, alphas[:, None])
    assert swept.shape == (11, 7)
    np.testing.assert_allclose(swept[3], regularized(cosines, 0.3, alphas[3]), atol=1e-6)


def test_without_a_baseline_the_reward_is_the_cosine(clip):
    frames = np.random.default_rng(0).integers(0, 256, (3, 1, 32, 32, 3), dtype=np.uint8)
    model = RewardModel(clip, Goal((GOAL,)))
    cosine = clip.encode_image(frames[:, 0]) @ clip.encode_text([GOAL])[0]
    np.testing.assert_allclose(model.score(frames), cosine, atol=1e-5)


def test_the_reward_of_a_moment_is_the_mean_of_its_cameras(clip):
    moments = np.random.default_rng(0).integers(0, 256, (3, 2, 32, 32, 3), dtype=np.uint8)
    model = RewardModel(clip, Goal((GOAL,), (BASELINE,), 0.5))
    each = [model.score(moments[:, [camera]]) for camera in (0, 1)]
    np.testing.assert_allclose(model.score(moments), np.mean(each, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (((),), "at least one sentence"),
        (((GOAL,), (), 0.5), "no baseline"),
        (((GOAL,), (BASELINE,), 1.5), "'alpha' must be 0"),
        (((GOAL,), (BASELINE,), float("nan")), "'alpha' must be 0"),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused(arguments, told):
    with pytest.raises(UserError, match=told):
        Goal(*arguments)


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        (Goal((" ",)), "must say something"),
        (Goal(("the robot is not kneeling",)), "denies something"),
        (Goal((GOAL,), (GOAL,), 0.5), "say the same"),
    ],
)
def test_a_reward_of_a_sentence_that_cannot_be_scored_is_refused(clip, goal, told):
    with pytest.raises(UserError, match=told):
        RewardModel(clip, goal)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_several_prompts_of_a_side_are_averaged_and_then_scored_by_the_definition(clip, alpha):
    goals, baselines = (GOAL, "a person on their knees"), (BASELINE, "a robot", "a figure on a plain")
    moments = np.random.default_rng(0).integers(0, 256, (5, 1, 40, 32, 3), dtype=np.uint8)
    g, b = (functional.normalize(clip.encode_text(side).mean(dim=0), dim=-1) for side in (goals, baselines))
    expected = by_definition(clip.encode_image(moments[:, 0]), g, b, alpha)
    np.testing.assert_allclose(RewardModel(clip, Goal(goals, baselines, alpha)).score(moments), expected, atol=1e-5)


def joined(clip, join, *cosines):
    """The reward of one frame with these cosines with two goals."""
    model = RewardModel(clip, [Goal((GOAL,)), Goal((BASELINE,))], join)
    return model.rewards(Looks(np.array([[[(cosine, 0.0) for cosine in cosines]]], np.float32)))[0]


def test_a_conjunction_is_the_product_or_the_minimum(clip):
    assert joined(clip, "product", 0.5, 0.8) == pytest.approx(0.4)
    assert joined(clip, "minimum", 0.5, 0.8) == pytest.approx(0.5)
    assert joined(clip, "minimum", -0.5, 0.8) == pytest.approx(-0.5)


def test_two_goals_missed_make_no_goal_reached(clip):
    assert joined(clip, "product", -0.9, -0.9) == 0
    assert joined(clip, "product", -0.9, 0.9) == 0


def test_the_reward_of_one_goal_may_be_below_0(clip):
    model = RewardModel(clip, Goal((GOAL,)))
    assert model.rewards(Looks(np.full((1, 1, 1, 2), -0.5, np.float32)))[0] == pytest.approx(-0.5)


def test_the_rewards_of_each_goal_can_be_had_apart(clip):
    moments = np.random.default_rng(0).integers(0, 256, (3, 2, 32, 32, 3), dtype=np.uint8)
    model = RewardModel(clip, [Goal((GOAL,)), Goal((BASELINE,))])
    alone = [RewardModel(clip, goal).score(moments) for goal in model.goals]
    np.testing.assert_allclose(model.apart(model.look(moments)), np.stack(alone, axis=1), atol=1e-6)


def test_an_unknown_way_to_join_is_told_with_the_nearest(clip):
    with pytest.raises(UserError, match="'minimum'"):
        RewardModel(clip, Goal((GOAL,)), "minimun")


def test_black_frames_have_a_reward(clip):
    assert np.isfinite(RewardModel(clip, Goal((GOAL,))).score(np.zeros((2, 1, 32, 32, 3), np.uint8))).all()


@pytest.mark.parametrize(
    "moments",
    [
        np.zeros((2, 32, 32, 3), np.uint8),
        np.zeros((0, 1, 32, 32, 3), np.uint8),
        np.zeros((2, 1, 32, 32, 3), np.float32),
        np.full((2, 1, 32, 32, 3), np.nan),
        np.zeros((2, 1, 32, 32, 4), np.uint8),
    ],
)
def test_frames_of_another_kind_are_refused(clip, moments):
    with pytest.raises(FrameError, match="shape"):
        RewardModel(clip, Goal((GOAL,))).score(moments)


def test_a_model_of_open_clip_without_weights_is_refused():
    with pytest.raises(UserError, match="no pretrained tag"):
        Clip.load("ViT-B-32", "cpu")
