"""The raw output of a chart predictor, and how it is read at points.

Shapes: R boxes, C = charts + background, s x s cells, P points.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..structures.geometry import gather_taps, linear_taps


@dataclass
class LowresCharts:
    """Raw maps before the bilinear upsampling, which only dense output needs.

    Attributes:
        coarse_segm: (R, 2 or 15, s, s) logits.
        fine_segm: (R, C, s, s) logits.
        u, v: (R, C, s, s) chart units.
        point_logits: raw maps (R, C, s, s) of the noise model, by name.
        shared_logits: raw values (R, C) of the noise model, by name.
    """

    coarse_segm: torch.Tensor
    fine_segm: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    point_logits: dict[str, torch.Tensor]
    shared_logits: dict[str, torch.Tensor]

    def tensors(self) -> list[torch.Tensor]:
        """Every tensor, for a loss of zero that keeps the graph whole."""
        maps = [self.coarse_segm, self.fine_segm, self.u, self.v]
        return maps + list(self.point_logits.values()) + list(self.shared_logits.values())


def upsampled_taps(
    position: torch.Tensor, size: int, scale: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Taps into a low-resolution axis that equal linear interpolation of the upsampled one.

    The value at a position is a mix of two upsampled cells, each of which is a mix of two
    low-resolution ones (`torch.nn.functional.interpolate`, align_corners=False). The dense
    upsampled map is never made.

    Args:
        position: (P,) in the frame of the upsampled map, clamped to it.
        size: cells of the low-resolution axis.
        scale: factor of the upsampling.

    Returns:
        index: (P, 4) int64 low-resolution cells and weight: (P, 4), which sums to one.
    """
    cell, weight = linear_taps(position, size * scale)
    index, inner = linear_taps((cell.to(position.dtype) + 0.5) / scale - 0.5, size)
    return index.flatten(1), (weight[:, :, None] * inner).flatten(1)


class PointReader:
    """Reads raw maps at points, as if from the upsampled maps.

    Args:
        box: (P,) int64, the box of a point.
        position: (P, 2) in the frame of the upsampled map.
        size: s. scale: factor of the upsampling.
    """

    def __init__(self, box: torch.Tensor, position: torch.Tensor, size: int, scale: int):
        self.box = box
        self.taps_x = upsampled_taps(position[:, 0], size, scale)
        self.taps_y = upsampled_taps(position[:, 1], size, scale)

    def __call__(self, maps: torch.Tensor, channel: torch.Tensor | None = None) -> torch.Tensor:
        """Maps (R, C, s, s) at the points: (P,) in `channel` (P,), or (P, C); float32 at least."""
        if maps.dtype in (torch.float16, torch.bfloat16):
            maps = maps.float()
        return gather_taps(maps, self.box, self.taps_x, self.taps_y, channel)
