# SPDX-License-Identifier: Apache-2.0
"""Image towers that compute the same with less: batch norms folded into the convolutions before them, and the last
attention asked only for the one token that is used."""

import copy

import torch
from open_clip.modified_resnet import AttentionPool2d, Bottleneck, ModifiedResNet
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
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


class LeanTransformer(nn.Module):
    """An open_clip ``VisionTransformer`` whose last block answers for the class token only: the others are not used.

    Shares the tower's weights. (N, 3, H, W) -> (N, D), as the tower in evaluation mode.
    """

    def __init__(self, tower: VisionTransformer) -> None:
        super().__init__()
        self.tower = tower

    @classmethod
    def of(cls, tower: nn.Module) -> "LeanTransformer | None":
        """None for a tower of another kind, or one that pools its tokens otherwise."""
        if type(tower) is not VisionTransformer or tower.attn_pool is not None or tower.pool_type != "tok":
            return None
        blocks = tower.transformer.resblocks
        whole = tower.transformer.batch_first and not tower.output_tokens and tower.proj is not None
        return cls(tower) if whole and all(type(block) is ResidualAttentionBlock for block in blocks) else None

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = self.tower._embeds(pixels)
        *blocks, last = self.tower.transformer.resblocks
        for block in blocks:
            x = _block(block, x, len(x[0]))
        return self.tower.ln_post(_block(last, x, 1)[:, 0]) @ self.tower.proj


def _block(block: ResidualAttentionBlock, x: torch.Tensor, asked: int) -> torch.Tensor:
    """What a block makes of the first ``asked`` of its tokens."""
    attention, normed = block.attn, block.ln_1(x)
    width = x.shape[-1]
    weight, bias = attention.in_proj_weight, attention.in_proj_bias
    if asked == x.shape[1]:
        parts = functional.linear(normed, weight, bias).chunk(3, dim=-1)
    else:
        queries = functional.linear(normed[:, :asked], weight[:width], bias[:width])
        parts = queries, *functional.linear(normed, weight[width:], bias[width:]).chunk(2, dim=-1)
    heads = (part.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2) for part in parts)
    answers = functional.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
    x = x[:, :asked] + block.ls_1(attention.out_proj(answers))
    return x + block.ls_2(block.mlp(block.ln_2(x)))
