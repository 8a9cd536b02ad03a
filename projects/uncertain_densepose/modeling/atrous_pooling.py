"""Atrous spatial pyramid pooling: one feature map seen at several scales.

Layers are numbered as in DensePose, so that its checkpoints load. Shapes: R boxes, C channels, maps
of s x s cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

NORM_GROUPS = 32


def _branch(*layers: nn.Module, channels: int) -> list[nn.Module]:
    return [*layers, nn.GroupNorm(NORM_GROUPS, channels), nn.ReLU()]


class GlobalContext(nn.Sequential):
    """The mean of the map, through a 1x1 convolution, at every cell; C = `channels`."""

    def __init__(self, channels: int):
        mean = nn.AdaptiveAvgPool2d(1)
        super().__init__(
            *_branch(mean, nn.Conv2d(channels, channels, 1, bias=False), channels=channels)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(R, C, s, s) features to (R, C, s, s), constant over each map."""
        return super().forward(features).expand_as(features)


class ASPP(nn.Module):
    """DeepLab's pyramid (Chen et al. 2017): a 1x1, dilated 3x3 and a global branch, joined by 1x1.

    Args:
        channels: of the input, of every branch and of the result; a multiple of 32.
        dilations: of the 3x3 branches, cells.
    """

    def __init__(self, channels: int, dilations: Sequence[int]):
        super().__init__()
        branches = [
            nn.Sequential(*_branch(nn.Conv2d(channels, channels, 1, bias=False), channels=channels))
        ]
        for dilation in dilations:
            layer = nn.Conv2d(
                channels, channels, 3, padding=dilation, dilation=dilation, bias=False
            )
            branches.append(nn.Sequential(*_branch(layer, channels=channels)))
        branches.append(GlobalContext(channels))
        self.convs = nn.ModuleList(branches)
        joined = len(branches) * channels
        self.project = nn.Sequential(nn.Conv2d(joined, channels, 1, bias=False), nn.ReLU())

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(R, C, s, s) features to (R, C, s, s), each cell with its surroundings at every scale."""
        return self.project(torch.cat([branch(features) for branch in self.convs], dim=1))


class NonLocalBlock(nn.Module):
    """Embedded-Gaussian attention over the cells of a box (Wang et al., CVPR 2018), residual.

    It starts as the identity.

    Args:
        channels: of the input and of the result; a multiple of 32.
    """

    def __init__(self, channels: int):
        super().__init__()
        inner = channels // 2

        def halved() -> nn.Module:
            return nn.Sequential(nn.Conv2d(channels, inner, 1), nn.MaxPool2d(2))

        self.g = halved()
        self.theta = nn.Conv2d(channels, inner, 1)
        self.phi = halved()
        norm = nn.GroupNorm(NORM_GROUPS, channels)
        nn.init.zeros_(norm.weight)
        self.W = nn.Sequential(nn.Conv2d(inner, channels, 1), norm)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(R, C, s, s) features to (R, C, s, s); s at least 2, for keys and values are halved."""
        query = self.theta(features).flatten(2).transpose(1, 2)
        key, value = self.phi(features).flatten(2), self.g(features).flatten(2)
        attention = F.softmax(query @ key, dim=-1)
        gathered = (attention @ value.transpose(1, 2)).transpose(1, 2)
        return features + self.W(gathered.unflatten(2, features.shape[2:]))
