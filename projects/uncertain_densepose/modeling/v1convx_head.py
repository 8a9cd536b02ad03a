"""DensePose's first head: a stack of convolutions."""

from __future__ import annotations

import torch
from detectron2.config import configurable
from detectron2.layers import Conv2d
from fvcore.nn.weight_init import c2_msra_fill
from torch import nn
from torch.nn import functional as F

from .densepose_head import ROI_DENSEPOSE_HEAD_REGISTRY


@ROI_DENSEPOSE_HEAD_REGISTRY.register()
class DensePoseV1ConvXHead(nn.Module):
    """A stack of 3x3 convolutions with ReLU, DensePose's first head (Güler et al. 2018)."""

    @configurable
    def __init__(self, *, input_channels: int, conv_dim: int, kernel_size: int, num_convs: int):
        """
        Args:
            input_channels: channels of the pooled features.
            conv_dim: channels of every convolution.
            kernel_size: odd side of the kernels, in cells.
            num_convs: number of convolutions, at least 1.
        """
        super().__init__()
        self.n_out_channels = conv_dim
        self.n_stacked_convs = num_convs
        for i in range(num_convs):
            layer = Conv2d(
                input_channels if i == 0 else conv_dim,
                conv_dim,
                kernel_size,
                padding=kernel_size // 2,
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
        }

    @staticmethod
    def _name(index: int) -> str:
        return f"body_conv_fcn{index + 1}"

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(R, input_channels, s, s) to (R, conv_dim, s, s)."""
        for i in range(self.n_stacked_convs):
            features = F.relu(getattr(self, self._name(i))(features))
        return features
