"""Bilinear sampling of a bilinearly upsampled map, as taps into the map before upsampling."""

from __future__ import annotations

import torch

from ..structures.geometry import linear_taps


class UpsampledTaps:
    """Taps into a low-resolution axis that equal linear interpolation of the upsampled one.

    The value at a position is a mix of two upsampled cells, each of which is a mix of two
    low-resolution ones (`torch.nn.functional.interpolate`, align_corners=False). The dense
    upsampled map is never made.

    Args:
        position: (P,) in the frame of the upsampled map, clamped to it.
        size: cells of the low-resolution axis.
        scale: factor of the upsampling.

    Attributes:
        cell: (P, 2) int64 the two upsampled cells, and outer: (P, 2) their weights.
    """

    def __init__(self, position: torch.Tensor, size: int, scale: int):
        self.cell, self.outer = linear_taps(position, size * scale)
        self._position, self._size, self._scale = position, size, scale

    def composed(self) -> tuple[torch.Tensor, torch.Tensor]:
        """index: (P, 3) int64 low-resolution cells and weight: (P, 3), which sums to one.

        The two upsampled cells are at most one low-resolution cell apart, so that three cells in
        a row hold all four.
        """
        centre = (self.cell.to(self._position.dtype) + 0.5) / self._scale - 0.5
        index, inner = linear_taps(centre, self._size)
        first = index[:, :1, 0]
        weight = inner.new_zeros(len(first), 3)
        weight = weight.scatter_add(
            1, index.flatten(1) - first, (self.outer[:, :, None] * inner).flatten(1)
        )
        cells = first + torch.arange(3, device=first.device)
        return cells.clamp_max(self._size - 1), weight
