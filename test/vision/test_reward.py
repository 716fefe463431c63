# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from torch.nn import functional

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip
from unified_agent.vision.preprocess import FrameError
from unified_agent.vision.reward import Goal, RewardModel, regularized

GOAL, BASELINE = "a humanoid robot kneeling", "a humanoid robot"


@pytest.fixture
def clip(tiny_folder):
    return Clip.load(str(tiny_folder), "cpu")


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


def test_frames_of_another_shape_are_refused(clip):
    with pytest.raises(FrameError, match="shape"):
        RewardModel(clip, Goal((GOAL,))).score(np.zeros((2, 32, 32, 3), np.uint8))
