"""Heads, pooled features of a box to the features that a predictor reads: registry and stem."""

from __future__ import annotations

import torch
from detectron2.layers import Conv2d, get_norm
from detectron2.utils.registry import Registry
from fvcore.nn.weight_init import c2_msra_fill
from torch import nn
from torch.nn import functional as F

from ..config import ConfigError

ROI_DENSEPOSE_HEAD_REGISTRY = Registry("ROI_DENSEPOSE_HEAD")
ROI_DENSEPOSE_HEAD_REGISTRY.__doc__ = """
Heads of `MODEL.ROI_DENSEPOSE_HEAD.NAME`.

The registered object is called with `obj(cfg, input_channels)`. It returns a `nn.Module` that
maps (R, input_channels, s, s) to (R, n_out_channels, s, s) and has the attribute
`n_out_channels`.
"""


class StackedConvs(nn.Module):
    """Convolutions with ReLU, numbered as in DensePose: what every head ends in."""

    def __init__(
        self, input_channels: int, conv_dim: int, kernel_size: int, num_convs: int, norm: str = ""
    ):
        """
        Args:
            input_channels: channels of the features.
            conv_dim: channels of every convolution.
            kernel_size: odd side of the kernels, in cells.
            num_convs: number of convolutions, at least 1.
            norm: a norm of `detectron2.layers.get_norm`, "" for none.
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
        }

    @staticmethod
    def _name(index: int) -> str:
        return f"body_conv_fcn{index + 1}"

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(R, input_channels, s, s) to (R, conv_dim, s, s)."""
        for i in range(self.n_stacked_convs):
            features = getattr(self, self._name(i))(features)
        return features


def build_densepose_head(cfg, input_channels: int) -> nn.Module:
    """The head that `MODEL.ROI_DENSEPOSE_HEAD.NAME` names.

    Raises:
        ConfigError: the name is not registered; the message lists those that are.
    """
    name = cfg.MODEL.ROI_DENSEPOSE_HEAD.NAME
    if name not in ROI_DENSEPOSE_HEAD_REGISTRY:
        known = ", ".join(sorted(known for known, _ in ROI_DENSEPOSE_HEAD_REGISTRY))
        raise ConfigError(
            f"MODEL.ROI_DENSEPOSE_HEAD.NAME is {name!r}, which is not a head; known: {known}"
        )
    return ROI_DENSEPOSE_HEAD_REGISTRY.get(name)(cfg, input_channels)
