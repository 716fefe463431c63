# SPDX-License-Identifier: Apache-2.0
"""A tiny CLIP with random weights, in a folder as open_clip lays it out."""

import json

import pytest
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 4, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1},
}
CARD = {"thresholds": {"the red object is on the table": 0.25}, "default_threshold": 0.5}


@pytest.fixture(scope="session")
def tiny_state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return CLIP(**TINY).state_dict()


@pytest.fixture
def tiny_folder(tmp_path, tiny_state):
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY, "preprocess_cfg": {}}))
    (tmp_path / "card.json").write_text(json.dumps(CARD))
    save_file(tiny_state, tmp_path / "model.safetensors")
    return tmp_path
