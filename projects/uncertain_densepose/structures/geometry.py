"""Positions relative to boxes, and the bilinear taps with which maps are read at positions.

Three frames are in use. *Image*: pixels, pixel (0, 0) covers [0, 1]², so its centre is at 0.5.
*Box*: a fraction of the box, (0, 0) its upper left corner and (1, 1) its lower right one.
*Map*: the index of a map's cell, whose centre is the integer itself.
"""

from __future__ import annotations

import torch

DP_EXTENT = 255.0
"""The range of DensePose's `dp_x` and `dp_y`: 0 and 255 are the two edges of the box."""


def image_to_box_xy(xy_image: torch.Tensor, boxes_xyxy: torch.Tensor) -> torch.Tensor:
    """Positions in the image as fractions of a box each.

    Args:
        xy_image: (P, 2) pixels.
        boxes_xyxy: (P, 4) pixels, one box a point, or (4,).

    Returns:
        (P, 2); outside [0, 1] for a point outside its box. A box without area gives infinities
        or NaN, which no box contains.
    """
    corner, size = boxes_xyxy[..., :2], boxes_xyxy[..., 2:] - boxes_xyxy[..., :2]
    return (xy_image - corner) / size


def box_to_image_xy(xy_box: torch.Tensor, boxes_xyxy: torch.Tensor) -> torch.Tensor:
    """The inverse of :func:`image_to_box_xy`: (P, 2) fractions to (P, 2) pixels."""
    corner, size = boxes_xyxy[..., :2], boxes_xyxy[..., 2:] - boxes_xyxy[..., :2]
    return corner + xy_box * size


def inside_box(xy_box: torch.Tensor) -> torch.Tensor:
    """(P,) bool: whether fractions (P, 2) lie in the box, edges included; False for NaN."""
    return ((xy_box >= 0) & (xy_box <= 1)).all(dim=-1)


def linear_taps(position: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The two cells that linear interpolation reads along one axis, and their weights.

    Args:
        position: (...,) in the map's frame; clamped to [0, size - 1].
        size: number of cells along the axis.

    Returns:
        index: (..., 2) int64 cells and weight: (..., 2), which sums to one.
    """
    position = position.clamp(0, size - 1)
    low = position.floor().clamp(max=max(size - 2, 0))
    fraction = position - low
    index = torch.stack([low, (low + 1).clamp(max=size - 1)], dim=-1).long()
    return index, torch.stack([1 - fraction, fraction], dim=-1)


def plane_taps(
    taps_x: tuple[torch.Tensor, torch.Tensor],
    taps_y: tuple[torch.Tensor, torch.Tensor],
    width: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The cells of a plane that taps along both axes read, and their weights.

    Points that read several maps of one size find them once for all.

    Args:
        taps_x, taps_y: index (P, T) and weight (P, T) along each axis.
        width: of the plane, cells.

    Returns:
        cell: (P, T²) int64, row * width + column, and weight: (P, T²).
    """
    (x, weight_x), (y, weight_y) = taps_x, taps_y
    cell = y[:, :, None] * width + x[:, None, :]
    return cell.flatten(1), (weight_y[:, :, None] * weight_x[:, None, :]).flatten(1)


def gather_cells(
    maps: torch.Tensor,
    item: torch.Tensor,
    cell: torch.Tensor,
    weight: torch.Tensor,
    channel: torch.Tensor | None = None,
) -> torch.Tensor:
    """Read maps at points: the weighted sum of cells.

    Args:
        maps: (N, C, H, W).
        item: (P,) int64 in 0..N-1, whose maps a point reads.
        cell: (P, T) int64 in 0..H*W-1 and weight: (P, T), see :func:`plane_taps`.
        channel: (P,) int64, to read one channel a point; None reads them all.

    Returns:
        (P,) with `channel`, else (P, C).
    """
    planes, weight = maps.flatten(2), weight.to(maps.dtype)
    if channel is not None:
        return (planes[item[:, None], channel[:, None], cell] * weight).sum(dim=1)
    return (planes[item[:, None], :, cell] * weight[:, :, None]).sum(dim=1)


def gather_taps(
    maps: torch.Tensor,
    item: torch.Tensor,
    taps_x: tuple[torch.Tensor, torch.Tensor],
    taps_y: tuple[torch.Tensor, torch.Tensor],
    channel: torch.Tensor | None = None,
) -> torch.Tensor:
    """:func:`gather_cells` of the cells that taps (P, T) along both axes name."""
    return gather_cells(maps, item, *plane_taps(taps_x, taps_y, maps.shape[-1]), channel)
