# SPDX-License-Identifier: Apache-2.0
"""Image towers that compute the same with less: batch norms folded into the convolutions before them."""

import copy

import torch
from open_clip.modified_resnet import Bottleneck, ModifiedResNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(tower: nn.Module) -> ModifiedResNet | None:
    """A copy of a tower in evaluation mode without batch norms, as they stand there for one affine map a channel.

    Only open_clip's own ResNet has any that can be folded; None for any other tower.
    """
    if not isinstance(tower, ModifiedResNet):
        return None
    tower = copy.deepcopy(tower)
    for block in tower.modules():
        if isinstance(block, (ModifiedResNet, Bottleneck)):
            for number in (1, 2, 3):
                _fold(block, f"conv{number}", f"bn{number}")
        if isinstance(block, Bottleneck) and block.downsample is not None:
            _fold(block.downsample, "0", "1")
    return tower.to(memory_format=torch.channels_last)


def _fold(block: nn.Module, convolution: str, norm: str) -> None:
    with torch.no_grad():
        setattr(block, convolution, fuse_conv_bn_eval(getattr(block, convolution), getattr(block, norm)))
    setattr(block, norm, nn.Identity())
