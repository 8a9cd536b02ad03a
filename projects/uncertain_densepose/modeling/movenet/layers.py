"""The blocks of MobileNetV2 (Sandler et al. 2018) with normalisation folded into the weights."""

from __future__ import annotations

from functools import partial

import torch
from detectron2.layers import Conv2d
from torch import nn
from torch.nn import functional as F


class SamePaddedConv2d(Conv2d):
    """A convolution padded as TensorFlow's SAME: `ceil(size / stride)` outputs along each axis.

    Of an odd sum of padding the larger half goes to the bottom and the right, which no fixed
    padding of torch does.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, C', ceil(H / stride), ceil(W / stride))."""
        padding: list[int] = []
        for axis in (1, 0):
            size, stride, kernel = x.shape[2 + axis], self.stride[axis], self.kernel_size[axis]
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            padding += (total // 2, total - total // 2)
        return super().forward(F.pad(x, padding) if any(padding) else x)


RELU6 = partial(F.relu6, inplace=True)


def depthwise(channels: int, stride: int) -> Conv2d:
    """A 3 x 3 convolution of each channel by itself, with ReLU6."""
    options = {"groups": channels, "activation": RELU6}
    if stride == 1:
        # SAME is symmetric here, and cheaper within the convolution.
        return Conv2d(channels, channels, 3, padding=1, **options)
    return SamePaddedConv2d(channels, channels, 3, stride=stride, **options)


class InvertedResidual(nn.Module):
    """Expansion to `expansion` times the channels, depthwise convolution, projection."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int):
        """The input is added to the output where both have one shape."""
        super().__init__()
        inner = expansion * in_channels
        self.expand = (
            Conv2d(in_channels, inner, 1, activation=RELU6) if expansion > 1 else nn.Identity()
        )
        self.depthwise = depthwise(inner, stride)
        self.project = Conv2d(inner, out_channels, 1)
        self.is_residual = stride == 1 and in_channels == out_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.is_residual else y


class SeparableConv2d(nn.Sequential):
    """A depthwise 3 x 3 convolution without bias, a pointwise one with bias, and ReLU."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(
            Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False),
            Conv2d(in_channels, out_channels, 1, activation=F.relu),
        )
