# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.bench.captioner import captioner_profile
from unified_agent.vision.clip import Clip


def test_the_profile_compares_the_detector_with_the_bare_library(tiny_folder):
    found = captioner_profile(Clip.load(str(tiny_folder), "cpu"), seconds=0.2)
    assert found["ratio"] == pytest.approx(found["detector_fps"] / found["bare_fps"])
    assert 0 < found["frame_ms"] < 1000
