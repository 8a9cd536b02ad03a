"""The raw output of a chart predictor, and how it is read at points.

Shapes: R boxes, C = charts + background, s x s cells, P points.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..structures.geometry import gather_taps, linear_taps
from .segmentation_logits import SegmentationLogits


@dataclass
class LowresCharts:
    """Raw maps before the bilinear upsampling, which only dense output needs.

    Attributes:
        coarse_segm: logits of 2 or 15 channels.
        fine_segm: logits of C channels.
        u, v: (R, C, s, s) chart units.
        point_logits: raw maps (R, C, s, s) of the noise model, by name.
        shared_logits: raw values (R, C) of the noise model, by name.
    """

    coarse_segm: SegmentationLogits
    fine_segm: SegmentationLogits
    u: torch.Tensor
    v: torch.Tensor
    point_logits: dict[str, torch.Tensor]
    shared_logits: dict[str, torch.Tensor]

    def tensors(self) -> list[torch.Tensor]:
        """Every tensor, for a loss of zero that keeps the graph whole."""
        maps = [*self.coarse_segm.tensors(), *self.fine_segm.tensors(), self.u, self.v]
        return maps + list(self.point_logits.values()) + list(self.shared_logits.values())


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
        outer: (P, 2) weights of the two upsampled cells.
        index, inner: (P, 2, 2) low-resolution cells of each, and their weights.
    """

    def __init__(self, position: torch.Tensor, size: int, scale: int):
        cell, self.outer = linear_taps(position, size * scale)
        self.index, self.inner = linear_taps((cell.to(position.dtype) + 0.5) / scale - 0.5, size)
        self._last = size - 1

    def composed(self) -> tuple[torch.Tensor, torch.Tensor]:
        """index: (P, 3) int64 low-resolution cells and weight: (P, 3), which sums to one.

        The two upsampled cells are at most one low-resolution cell apart, so that three cells in
        a row hold all four.
        """
        first = self.index[:, :1, 0]
        weight = self.inner.new_zeros(len(first), 3)
        weight = weight.scatter_add(
            1, self.index.flatten(1) - first, (self.outer[:, :, None] * self.inner).flatten(1)
        )
        return (first + torch.arange(3, device=first.device)).clamp_max(self._last), weight


class PointReader:
    """Reads raw maps at points, as if from the upsampled maps.

    Args:
        box: (P,) int64, the box of a point.
        position: (P, 2) in the frame of the upsampled map.
        size: s. scale: factor of the upsampling.
    """

    def __init__(self, box: torch.Tensor, position: torch.Tensor, size: int, scale: int):
        self.box = box
        self._x = UpsampledTaps(position[:, 0], size, scale)
        self._y = UpsampledTaps(position[:, 1], size, scale)
        self._composed = self._x.composed(), self._y.composed()

    def __call__(self, maps: torch.Tensor, channel: torch.Tensor | None = None) -> torch.Tensor:
        """Maps (R, C, s, s) at the points: (P,) in `channel` (P,), or (P, C); float32 at least."""
        return gather_taps(_at_least_float32(maps), self.box, *self._composed, channel)

    def corners(self, maps: torch.Tensor) -> torch.Tensor:
        """(P, 2, 2, C) the four upsampled cells around each point, rows first."""
        maps = _at_least_float32(maps)
        rows, columns = self._y.index[:, :, None, :, None], self._x.index[:, None, :, None, :]
        weight = self._y.inner[:, :, None, :, None] * self._x.inner[:, None, :, None, :]
        values = maps[self.box[:, None, None, None, None], :, rows, columns]
        return (values * weight[..., None].to(maps.dtype)).sum(dim=(3, 4))

    def interpolate(self, corners: torch.Tensor) -> torch.Tensor:
        """(P, C) at the points, from values (P, 2, 2, C) at the four upsampled cells."""
        weight = self._y.outer[:, :, None] * self._x.outer[:, None, :]
        return (corners * weight[..., None].to(corners.dtype)).sum(dim=(1, 2))


def _at_least_float32(maps: torch.Tensor) -> torch.Tensor:
    return maps.float() if maps.dtype in (torch.float16, torch.bfloat16) else maps
