# SPDX-License-Identifier: Apache-2.0
"""What tests of several rooms share: a ROS domain of their own, and a tiny CLIP."""

import json
import os
from collections import Counter

import pytest

# A domain on this machine only, so that no running graph is disturbed or heard. Above 101, domains collide with the
# ports that the system hands out.
os.environ["ROS_DOMAIN_ID"] = str(20 + os.getpid() % 80)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 4, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1},
}
CARD = {"thresholds": {"the red object is on the table": 0.25}, "default_threshold": 0.5}


@pytest.fixture(scope="session")
def tiny_state():
    """Random weights of a tiny CLIP."""
    import torch
    from open_clip.model import CLIP

    torch.manual_seed(0)
    return CLIP(**TINY).state_dict()


@pytest.fixture
def tiny_folder(tmp_path, tiny_state):
    """A tiny CLIP in a folder as open_clip lays it out."""
    from safetensors.torch import save_file

    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY, "preprocess_cfg": {}}))
    (tmp_path / "card.json").write_text(json.dumps(CARD))
    save_file(tiny_state, tmp_path / "model.safetensors")
    return tmp_path


@pytest.fixture(scope="session")
def tiny_architecture():
    """``open_clip_config.json`` of a CLIP that learns in a second and squashes frames into 32 pixels."""
    vision = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64}
    text = {"context_length": 32, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1}
    scale = {"embed_dim": 32, "init_logit_scale": 2.3, "init_logit_bias": -4.0}
    return {
        "model_cfg": {**scale, "vision_cfg": vision, "text_cfg": text},
        "preprocess_cfg": {"interpolation": "bilinear", "resize_mode": "squash"},
    }


def pytest_terminal_summary(terminalreporter):
    """Say aloud what did not run and why: a skipped test is a small letter that nobody reads."""
    skipped = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped")
    )
    for reason, count in sorted(skipped.items()):
        terminalreporter.write_line(f"NOT RUN: {count} test{'s' * (count > 1)}: {reason}", yellow=True)
