"""DensePose's second head: a pyramid of scales before the convolutions."""

from __future__ import annotations

import torch
from detectron2.config import configurable
from detectron2.layers import Conv2d, get_norm
from fvcore.nn.weight_init import c2_msra_fill
from torch import nn
from torch.nn import functional as F

from ..config import ConfigError
from .atrous_pooling import ASPP, NORM_GROUPS, NonLocalBlock
from .densepose_head import ROI_DENSEPOSE_HEAD_REGISTRY

DILATIONS = (6, 12, 56)
"""Cells; those of DensePose, for pooled maps of 32 x 32. A dilation beyond the map leaves the
centre of its kernel, a 1x1 convolution."""


@ROI_DENSEPOSE_HEAD_REGISTRY.register()
class DensePoseDeepLabHead(nn.Module):
    """ASPP, optionally a non-local block, then 3x3 convolutions with GroupNorm and ReLU."""

    @configurable
    def __init__(
        self,
        *,
        input_channels: int,
        conv_dim: int,
        kernel_size: int,
        num_convs: int,
        norm: str,
        non_local: bool,
    ):
        """
        Args:
            input_channels: channels of the pooled features, a multiple of 32.
            conv_dim: channels of every convolution.
            kernel_size: odd side of the kernels, in cells.
            num_convs: number of convolutions, at least 1.
            norm: of the convolutions, a norm of `detectron2.layers.get_norm`, "" for none.
            non_local: attention between the cells of a box.

        Raises:
            ConfigError: channels that GroupNorm cannot divide.
        """
        super().__init__()
        if input_channels % NORM_GROUPS:
            raise ConfigError(
                f"DensePoseDeepLabHead normalises groups of {NORM_GROUPS} channels, but its input "
                f"has {input_channels}; change MODEL.FPN.OUT_CHANNELS, or "
                "MODEL.ROI_DENSEPOSE_HEAD.DECODER_NUM_CLASSES with the decoder on"
            )
        self.n_out_channels = conv_dim
        self.n_stacked_convs = num_convs
        self.ASPP = ASPP(input_channels, DILATIONS)
        self.NLBlock = NonLocalBlock(input_channels) if non_local else nn.Identity()
        for i in range(num_convs):
            layer = Conv2d(
                input_channels if i == 0 else conv_dim,
                conv_dim,
                kernel_size,
                padding=kernel_size // 2,
                bias=not norm,
                norm=get_norm(norm, conv_dim),
                activation=F.relu,
            )
            c2_msra_fill(layer)
            self.add_module(self._name(i), layer)

    @classmethod
    def from_config(cls, cfg, input_channels: int):
        head = cfg.MODEL.ROI_DENSEPOSE_HEAD
        return {
            "input_channels": input_channels,
            "conv_dim": head.CONV_HEAD_DIM,
            "kernel_size": head.CONV_HEAD_KERNEL,
            "num_convs": head.NUM_STACKED_CONVS,
            "norm": head.DEEPLAB.NORM,
            "non_local": bool(head.DEEPLAB.NONLOCAL_ON),
        }

    @staticmethod
    def _name(index: int) -> str:
        return f"body_conv_fcn{index + 1}"

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(R, input_channels, s, s) to (R, conv_dim, s, s)."""
        features = self.NLBlock(self.ASPP(features))
        for i in range(self.n_stacked_convs):
            features = getattr(self, self._name(i))(features)
        return features
