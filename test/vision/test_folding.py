# SPDX-License-Identifier: Apache-2.0
import torch
from open_clip.modified_resnet import ModifiedResNet
from torch import nn

from unified_agent.vision.folding import folded


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
