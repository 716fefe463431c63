# SPDX-License-Identifier: Apache-2.0
"""Image towers that compute the same with less: batch norms folded into the convolutions before them, and attention
asked only for the one token that is used."""

import copy

import torch
from open_clip.modified_resnet import AttentionPool2d, Bottleneck, ModifiedResNet
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(tower: nn.Module) -> ModifiedResNet | None:
    """A copy of a tower in evaluation mode without batch norms, as they stand there for one affine map a channel.

    None for any tower but open_clip's own ResNet.
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
    tower.attnpool = _FirstToken(tower.attnpool)
    return tower.to(memory_format=torch.channels_last)


def _fold(block: nn.Module, convolution: str, norm: str) -> None:
    with torch.no_grad():
        setattr(block, convolution, fuse_conv_bn_eval(getattr(block, convolution), getattr(block, norm)))
    setattr(block, norm, nn.Identity())


class _FirstToken(nn.Module):
    """An ``AttentionPool2d`` that asks for the mean token only: the others' answers are thrown away there.

    (N, C, H, W) -> (N, D).
    """

    def __init__(self, pool: AttentionPool2d) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        tokens = torch.cat([tokens.mean(dim=1, keepdim=True), tokens], dim=1) + self.pool.positional_embedding
        parts = self.pool.q_proj(tokens[:, :1]), self.pool.k_proj(tokens), self.pool.v_proj(tokens)
        heads = (part.unflatten(-1, (self.pool.num_heads, -1)).transpose(1, 2) for part in parts)
        return self.pool.c_proj(functional.scaled_dot_product_attention(*heads).flatten(1))
