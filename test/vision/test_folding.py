# SPDX-License-Identifier: Apache-2.0
import numpy as np
import open_clip
import pytest
import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.transformer import QuickGELU, VisionTransformer
from torch import nn
from torch.nn import functional

from unified_agent.vision.clip import Clip
from unified_agent.vision.folding import LeanTransformer, folded


def worn_resnet() -> nn.Module:
    """A ResNet whose batch norms are far from doing nothing."""
    torch.manual_seed(0)
    tower = ModifiedResNet(layers=(1, 1, 1, 1), output_dim=8, heads=4, image_size=64, width=8)
    for norm in tower.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for tensor in (norm.weight, norm.running_var):
                nn.init.uniform_(tensor, 0.5, 2.0)
            for tensor in (norm.bias, norm.running_mean):
                nn.init.normal_(tensor)
    return tower.eval()


def test_a_folded_resnet_sees_the_same_without_batch_norms():
    tower, pixels = worn_resnet(), torch.randn(2, 3, 64, 64)
    lean = folded(tower)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in lean.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in tower.modules())
    with torch.inference_mode():
        torch.testing.assert_close(lean(pixels), tower(pixels), rtol=1e-4, atol=1e-5)


def test_another_tower_is_left_as_it_is():
    assert folded(nn.Linear(3, 2)) is None


@pytest.mark.parametrize("extras", [{}, {"ls_init_value": 0.5}, {"no_ln_pre": True}, {"act_layer": QuickGELU}])
def test_a_lean_transformer_sees_the_same(extras):
    torch.manual_seed(0)
    tower = VisionTransformer(64, 16, 32, 3, 4, 4.0, output_dim=16, **extras).eval()
    for parameter in tower.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    pixels = torch.randn(3, 3, 64, 64)
    with torch.inference_mode():
        ours, theirs = (functional.normalize(see(pixels), dim=-1) for see in (LeanTransformer.of(tower), tower))
    assert float((ours - theirs).abs().max()) < 1e-5


@pytest.mark.parametrize("extras", [{"pool_type": "avg"}, {"attentional_pool": True}, {"qk_norm": True}])
def test_a_transformer_that_answers_otherwise_is_left_as_it_is(extras):
    assert LeanTransformer.of(VisionTransformer(32, 16, 32, 1, 4, 4.0, **extras)) is None


def test_a_clip_of_a_lean_transformer_encodes_as_open_clip_does():
    torch.manual_seed(0)
    clip = Clip(open_clip.create_model("ViT-S-32"), open_clip.get_tokenizer("ViT-S-32"))
    frames = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    with torch.inference_mode():
        theirs = clip.model.encode_image(clip._preprocess(frames), normalize=True)
    assert float((clip.encode_image(frames) - theirs).abs().max()) < 1e-5
