# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from unified_agent.training.eyes.domains import load
from unified_agent.training.eyes.domains.sight import _top1, cosines, sight
from unified_agent.training.eyes.domains.syllabus import disturbed, syllabus
from unified_agent.training.eyes.frames import LabelledMoments, Shard
from unified_agent.training.eyes.train_clip import ClipTrainer, TrainingConfig
from unified_agent.vision.clip import Clip


@pytest.fixture(scope="module")
def taught(tmp_path_factory, tiny_architecture):
    """A CLIP that was taught, in a moment, that a red picture is 'in the valley' and every other one is not."""
    rng = np.random.default_rng(0)
    frames = rng.integers(60, 120, (96, 1, 24, 36, 3), dtype=np.uint8)
    truth = np.zeros((96, 2), np.int8)
    truth[np.arange(96), np.arange(96) % 2] = 1
    frames[::2, ..., 0], frames[1::2, ..., 2] = 220, 220
    domain = load("mountain_car")
    lessons = syllabus([domain.captions[3], domain.captions[5]])
    lessons = replace(lessons, architecture=tiny_architecture)
    folder = tmp_path_factory.mktemp("clip") / "taught"
    config = TrainingConfig(epochs=8, batch=16, warmup=4, threads=1)
    moments = LabelledMoments([Shard(frames, truth, np.full(96, "patch"))])
    ClipTrainer(moments, folder, config, "cpu", syllabus=lessons).run()
    return Clip.load(str(folder), "cpu")


def test_a_clip_learns_the_captions_of_a_syllabus_in_every_wording(taught):
    red, blue = np.full((2, 40, 60, 3), 90, np.uint8)
    red[..., 0], blue[..., 2] = 220, 220
    for said in ("the car is in the valley", "a car at the lowest point"):
        scores = cosines(taught, [red, blue, red], [said])[:, 0]
        assert scores[0] == pytest.approx(scores[2], abs=1e-5)
        assert scores[0] > scores[1] + 0.2


def test_a_clip_that_was_not_taught_a_domain_is_found_to_see_little_of_it(taught):
    found, scores, truth = sight(taught, load("mountain_car"), 30, 0)
    assert scores.shape == truth.shape == (30, 7)
    assert found.top1["car"] < 0.9
    assert set(found.top1) == {"car"}


def test_top1_counts_the_states_of_which_the_caption_is_known():
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.9], [0.9, 0.0, 0.0], [0.5, 0.6, 0.0]])
    truth = np.array([[1, 0, 0], [1, 0, 0], [-1, 1, 1], [0, 1, 1]])
    assert _top1(scores, truth, ("a", "a", "b")) == {"a": pytest.approx(2 / 3)}


def test_a_disturbed_frame_has_not_moved():
    frames = torch.zeros(8, 20, 20, 3, dtype=torch.uint8)
    frames[:, 5:10, 5:10] = 200
    found = disturbed(frames, torch.Generator().manual_seed(0)).float()
    assert not torch.equal(found[0], found[1])
    assert (found[:, 5:10, 5:10].mean(dim=(1, 2, 3)) > found[:, 12:].mean(dim=(1, 2, 3)) + 80).all()
