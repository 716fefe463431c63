# SPDX-License-Identifier: Apache-2.0
import torch

from unified_agent.training.eyes.augmentation import SHIFT, augment


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
        red = frame[..., 0] - frame[..., 1:].mean(-1) > 60
        rows, columns = red.nonzero(as_tuple=True)
        assert 100 <= len(rows) <= 200
        assert abs(rows.float().mean() - 25.5) <= SHIFT + 1
        assert min(abs(columns.float().mean() - middle) for middle in (45.5, 17.5)) <= SHIFT + 1
