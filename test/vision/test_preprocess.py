# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from unified_agent.vision.preprocess import Preprocess

CPU = torch.device("cpu")


def preprocess(**config) -> Preprocess:
    return Preprocess(PreprocessCfg(**config), CPU)


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize(("height", "width"), [(480, 480), (360, 640), (641, 361), (96, 171)])
def test_a_frame_becomes_what_open_clips_own_transform_makes_of_it(mode, interpolation, height, width):
    config = PreprocessCfg(
        size=224, resize_mode=mode, interpolation=interpolation, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3)
    )
    noise = np.random.default_rng(0).uniform(0, 2000, (height, width, 3))
    frame = cv2.GaussianBlur(noise, (0, 0), 3).clip(0, 255).astype(np.uint8)
    theirs = image_transform_v2(config, is_train=False)(Image.fromarray(frame))
    ours = Preprocess(config, CPU)(frame[None])[0]
    # One step of a byte at most, of Pillow's rounding.
    assert float((ours - theirs).abs().max()) < 1.5 / 255 / 0.2


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_nothing_is_said_of_frames_that_keep_their_shape(mode):
    assert preprocess(size=224, resize_mode=mode).reshaping(480, 480) == ""


def test_what_is_cropped_away_is_said():
    said = preprocess(size=224).reshaping(360, 640)
    assert (
        said == "Frames of 640x360 are brought to 224x224 by cropping: 22% left and right is never seen by this CLIP."
    )
    assert "above and below" in preprocess(size=224).reshaping(640, 360)


def test_what_is_squashed_is_said():
    said = preprocess(size=64, resize_mode="squash").reshaping(400, 600)
    assert said.endswith("to 64x64 by squashing: things look 1.5 times narrower to this CLIP than they are.")
    assert "lower" in preprocess(size=64, resize_mode="squash").reshaping(600, 400)


def test_what_is_padded_is_said():
    assert "bars above and below, 22%" in preprocess(size=224, resize_mode="longest").reshaping(360, 640)
