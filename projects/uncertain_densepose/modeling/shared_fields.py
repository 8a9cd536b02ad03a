"""Where the raw fields come from that a noise model predicts once for a chart of a box.

Shapes: R boxes, C = charts + background, P points in G groups, a group being a chart of a box.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


class PartConstant(nn.Module):
    """One learned value a chart, the same for every box."""

    def __init__(self, charts: int, bias: float):
        super().__init__()
        self.bias = nn.Parameter(torch.full((charts,), bias))

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """(R, features) to (R, charts)."""
        return self.bias.expand(len(pooled), -1)


def box_layer(input_channels: int, charts: int, bias: float) -> nn.Module:
    """A linear layer of the mean of a box's features."""
    layer = nn.Linear(input_channels, charts)
    nn.init.normal_(layer.weight, std=0.001)
    nn.init.constant_(layer.bias, bias)
    return layer


def part_layer(input_channels: int, charts: int, bias: float) -> nn.Module:
    """A constant of each part."""
    return PartConstant(charts, bias)


POOLED_SOURCES: dict[str, Callable[[int, int, float], nn.Module]] = {
    "box": box_layer,
    "part": part_layer,
}
"""Values of `UV_CONFIDENCE.SHARED_FROM` with a layer of pooled features, called with (input
channels, C, bias)."""

POINTS_SOURCE = "points"
"""The other value: a map, of which a group takes the mean, of its logits."""

SHARED_SOURCES = (*POOLED_SOURCES, POINTS_SOURCE)


def chart_mean(maps: torch.Tensor, fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
    """The counterpart of `group_mean` where no points are given: the mean over a chart's cells.

    Args:
        maps: (R, C, s, s).
        fine: (R, C, s, s) logits of the charts.
        coarse: (R, 2 or 15, s, s) logits, the first channel that of the background.

    Returns:
        (R, C) float32 means, weighted by the probability that a cell is of the chart.
    """
    person = 1 - coarse.float().softmax(dim=1)[:, :1]
    weight = fine.float().softmax(dim=1) * person
    # A chart that is nowhere likely takes the mean over where it is least unlikely.
    weight = weight / weight.amax(dim=(2, 3), keepdim=True).clamp_min(torch.finfo().tiny)
    total = weight.sum(dim=(2, 3))
    return (maps.float() * weight).sum(dim=(2, 3)) / total.clamp_min(torch.finfo().tiny)
