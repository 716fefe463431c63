# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.recording.lerobot.statistics import QUANTILES, PixelStatistics, of_vectors


def test_the_statistics_of_pixels_are_those_of_all_pixels_together():
    frames = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
    statistics = PixelStatistics()
    for frame in frames:
        statistics.add(frame)
    found, pixels = statistics.result(), frames.reshape(-1, 3) / 255
    for name, expected in (
        ("min", pixels.min(0)),
        ("max", pixels.max(0)),
        ("mean", pixels.mean(0)),
        ("std", pixels.std(0)),
    ):
        assert np.array(found[name]).reshape(3) == pytest.approx(expected)
    for name, share in QUANTILES.items():
        assert np.array(found[name]).reshape(3) == pytest.approx(np.quantile(pixels, share, axis=0), abs=0.01)
    assert found["count"] == [5]


def test_the_statistics_of_vectors_have_a_value_for_each_number():
    found = of_vectors(np.array([[0.0, 1.0], [2.0, 1.0]]))
    assert (found["mean"], found["std"], found["count"]) == ([1.0, 1.0], [1.0, 0.0], [2])
