"""Where annotated points lie in maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class PointConvention:
    """Where annotated points lie in maps.

    Attributes:
        extent: the `dp_x`, `dp_y` of the far edge of the box.
        pixel_offset: position of the edge of the first cell, in cells: 0.5 with half-pixel
            centres, 0 without.
    """

    extent: float
    pixel_offset: float

    def position(self, xy_box: torch.Tensor, side: int) -> torch.Tensor:
        """Fractions (P, 2) of a box in the frame of a map of `side` cells that covers it."""
        return xy_box * side - self.pixel_offset


POINT_CONVENTIONS = {
    "densepose": PointConvention(extent=256.0, pixel_offset=0.0),
    "aligned": PointConvention(extent=255.0, pixel_offset=0.5),
}
"""The values of `MODEL.ROI_DENSEPOSE_HEAD.POINT_CONVENTION`."""
