# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import torch

from unified_agent.training.eyes.augmentation import SHIFT, augment, blurred, recoloured, through_jpeg


def spot(count: int) -> torch.Tensor:
    """Grey frames with a red square off the middle."""
    frames = torch.full((count, 64, 64, 3), 110, dtype=torch.uint8)
    frames[:, 20:32, 40:52] = torch.tensor([200, 30, 30], dtype=torch.uint8)
    return frames


def test_the_same_generator_makes_the_same_frames_and_each_its_own():
    first, second = (augment(spot(8), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.dtype == torch.uint8
    assert not torch.equal(first[0], first[1])


def test_a_red_object_stays_red_and_about_where_it_was():
    for frame in augment(spot(64), torch.Generator().manual_seed(0)).float():
        red = frame[..., 0] - frame[..., 1:].mean(-1) > 30
        rows, columns = red.nonzero(as_tuple=True)
        assert 80 <= len(rows) <= 260
        assert abs(rows.float().mean() - 25.5) <= SHIFT + 1
        assert min(abs(columns.float().mean() - middle) for middle in (45.5, 17.5)) <= SHIFT + 1


def test_a_turned_hue_is_turned_by_that_share_of_the_circle_and_nothing_else():
    frame = spot(1)[0].numpy()
    hue, saturation, value = cv2.cvtColor(recoloured(frame, 0.25), cv2.COLOR_RGB2HSV)[24, 44].tolist()
    assert abs(hue - 45) <= 1  # OpenCV's circle has 180 steps
    assert abs(saturation - 217) <= 3
    assert value == 200
    assert np.abs(recoloured(frame, -0.1)[0, 0].astype(int) - 110).max() <= 1


def test_blur_and_codec_lose_detail_and_keep_the_light():
    checks = np.kron(np.indices((64, 64)).sum(axis=0) % 2, np.ones((2, 2)))[..., None].repeat(3, -1) * 200
    frame = checks.astype(np.uint8)
    for changed in (blurred(frame, 1.0), through_jpeg(frame, 40)):
        assert changed.shape == frame.shape
        assert changed.dtype == np.uint8
        assert abs(changed.mean() - frame.mean()) < 5
        assert (changed != frame).mean() > 0.5
