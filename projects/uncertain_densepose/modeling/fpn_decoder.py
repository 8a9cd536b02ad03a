"""The semantic decoder that joins feature levels before pooling."""

from __future__ import annotations

import math

import torch
from detectron2.config import configurable
from detectron2.layers import Conv2d, ShapeSpec, get_norm
from fvcore.nn.weight_init import c2_msra_fill
from torch import nn
from torch.nn import functional as F


class Decoder(nn.Module):
    """Panoptic FPN's semantic branch (Kirillov et al. 2019): levels to one map at stride 4.

    Every level is brought to the common stride by 3x3 convolutions with bilinear doubling
    between; the sum goes through a 1x1 convolution.
    """

    @configurable
    def __init__(
        self,
        *,
        input_shape: dict[str, ShapeSpec],
        in_features: list[str],
        conv_dim: int,
        num_channels: int,
        common_stride: int,
        norm: str,
    ):
        """
        Args:
            input_shape: channels and stride of each level.
            in_features: names of the levels to join.
            conv_dim: channels within. num_channels: channels of the result.
            common_stride: stride of the result, pixels.
            norm: a norm of `detectron2.layers.get_norm`, "" for none.
        """
        super().__init__()
        self.in_features = in_features
        for name in in_features:
            spec = input_shape[name]
            doublings = int(math.log2(spec.stride) - math.log2(common_stride))
            layers: list[nn.Module] = []
            for k in range(max(1, doublings)):
                conv = Conv2d(
                    spec.channels if k == 0 else conv_dim,
                    conv_dim,
                    3,
                    padding=1,
                    bias=not norm,
                    norm=get_norm(norm, conv_dim),
                    activation=F.relu,
                )
                c2_msra_fill(conv)
                layers.append(conv)
                if doublings:
                    layers.append(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))
            self.add_module(name, nn.Sequential(*layers))
        self.predictor = Conv2d(conv_dim, num_channels, 1)
        c2_msra_fill(self.predictor)

    @classmethod
    def from_config(cls, cfg, input_shape: dict[str, ShapeSpec], in_features: list[str]):
        head = cfg.MODEL.ROI_DENSEPOSE_HEAD
        return {
            "input_shape": input_shape,
            "in_features": in_features,
            "conv_dim": head.DECODER_CONV_DIMS,
            "num_channels": head.DECODER_NUM_CLASSES,
            "common_stride": head.DECODER_COMMON_STRIDE,
            "norm": head.DECODER_NORM,
        }

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        """Levels in the order of `in_features`, (N, C, h, w) each, to (N, num_channels, H, W)."""
        levels = [
            getattr(self, name)(level)
            for name, level in zip(self.in_features, features, strict=True)
        ]
        return self.predictor(torch.stack(levels).sum(dim=0))
