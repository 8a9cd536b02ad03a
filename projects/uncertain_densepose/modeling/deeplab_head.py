"""DensePose's second head: a pyramid of scales before the convolutions."""

from __future__ import annotations

import torch
from detectron2.config import configurable
from torch import nn

from ..config import ConfigError
from .atrous_pooling import ASPP, NORM_GROUPS, NonLocalBlock
from .densepose_head import ROI_DENSEPOSE_HEAD_REGISTRY, StackedConvs

DILATIONS = (6, 12, 56)
"""Cells; those of DensePose, for pooled maps of 32 x 32. A dilation beyond the map leaves the
centre of its kernel, a 1x1 convolution."""


@ROI_DENSEPOSE_HEAD_REGISTRY.register()
class DensePoseDeepLabHead(StackedConvs):
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
        if input_channels % NORM_GROUPS:
            raise ConfigError(
                f"DensePoseDeepLabHead normalises groups of {NORM_GROUPS} channels, but its input "
                f"has {input_channels}; change MODEL.FPN.OUT_CHANNELS, or "
                "MODEL.ROI_DENSEPOSE_HEAD.DECODER_NUM_CLASSES with the decoder on"
            )
        super().__init__(input_channels, conv_dim, kernel_size, num_convs, norm)
        self.ASPP = ASPP(input_channels, DILATIONS)
        self.NLBlock = NonLocalBlock(input_channels) if non_local else nn.Identity()

    @classmethod
    def from_config(cls, cfg, input_channels: int):
        options = cfg.MODEL.ROI_DENSEPOSE_HEAD.DEEPLAB
        return super().from_config(cfg, input_channels) | {
            "norm": options.NORM,
            "non_local": bool(options.NONLOCAL_ON),
        }

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(R, input_channels, s, s) to (R, conv_dim, s, s)."""
        return super().forward(self.NLBlock(self.ASPP(features)))
