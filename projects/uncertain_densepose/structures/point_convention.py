"""Where annotated points lie in maps."""

from __future__ import annotations

from dataclasses import dataclass


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


POINT_CONVENTIONS = {
    "densepose": PointConvention(extent=256.0, pixel_offset=0.0),
    "aligned": PointConvention(extent=255.0, pixel_offset=0.5),
}
"""The values of `MODEL.ROI_DENSEPOSE_HEAD.POINT_CONVENTION`."""
