"""Bilinear reading of maps: which cells a position reads, their weights, and the weighted sum.

Taps and corners are kept one by one, as (cell, weight) pairs of flat tensors: arrays whose last
axis has two or four entries cost ten times as much. Shapes: P points, maps of H x W cells; a
position is the index of a cell along an axis, whose centre is the integer itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import torch

AxisTaps = tuple[tuple[torch.Tensor, torch.Tensor], ...]
"""The cells that are read along one axis, int64, and their weights, in the shape of positions."""

Corners = list[tuple[torch.Tensor, torch.Tensor]]
"""The cells of a plane that are read, row * W + column, int64, and their weights."""

_Cell = TypeVar("_Cell")


def linear_taps(position: torch.Tensor, size: int) -> AxisTaps:
    """The two cells that linear interpolation reads along one axis.

    Args:
        position: (...) in the map's frame; clamped to [0, size - 1].
        size: number of cells along the axis.

    Returns:
        Two pairs (...); the weights of a position sum to one.
    """
    position = position.clamp(0, size - 1)
    low = position.floor().clamp(max=max(size - 2, 0))
    fraction = position - low
    high = (low + 1).clamp(max=size - 1)
    return (low.long(), 1 - fraction), (high.long(), fraction)


def axis_taps(fraction: torch.Tensor, size: int) -> AxisTaps:
    """:func:`linear_taps` at fractions (...) of a box that the map covers, clamped to it; cells
    have half-pixel centres."""
    return linear_taps(fraction * size - 0.5, size)


def corners_of(taps_x: AxisTaps, taps_y: AxisTaps, width: int) -> Corners:
    """The cells of a plane that taps along both axes read, row by row.

    Points that read several maps of one size find them once for all.

    Args:
        taps_x, taps_y: of the same points.
        width: W.
    """
    return [(y * width + x, below * right) for y, below in taps_y for x, right in taps_x]


def interpolate(
    corners: Iterable[tuple[_Cell, torch.Tensor]], read: Callable[[_Cell], torch.Tensor]
) -> torch.Tensor:
    """The weighted sum of the values at corners.

    Args:
        corners: cells, in whatever form `read` takes them, and weights (P,) or of any other shape.
        read: cells to the values there, (P, ...).

    Returns:
        (P, ...) of the values' type and layout.
    """

    def values_and_weight(cell: _Cell, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values = read(cell)
        trailing = [1] * (values.dim() - weight.dim())
        return values, weight.to(values.dtype).view(*weight.shape, *trailing)

    first, *others = corners
    values, weight = values_and_weight(*first)
    total = values * weight
    for cell, weight in others:
        total.addcmul_(*values_and_weight(cell, weight))
    return total
