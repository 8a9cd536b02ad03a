"""Chart predictions of a transformed image, brought back to the image before it."""

from __future__ import annotations

from dataclasses import fields, replace

import torch

from ..surface.parts import FLIP_COARSE_PARTS, NUM_PARTS
from .affine import is_reflection
from .bilinear import Corners, corners_of, interpolate, linear_taps
from .chart_maps import ChartMaps
from .chart_mirror import ChartMirror
from .geometry import box_to_image_xy, image_to_box_xy

_FLIP_COARSE_PARTS = torch.from_numpy(FLIP_COARSE_PARTS.copy())

ON_CENTRE = 1e-3
"""Cells: a position that is this near to a cell's centre is at it. Boxes are float32, and the
reflection of a cell would else be a blend of two by their rounding."""

PER_BOX = ("shared_covariance",)
"""Fields of one value a box and chart; all others are maps (N, ..., S, S)."""


def restore_chart_maps(
    maps: ChartMaps,
    transformed_boxes: torch.Tensor,
    boxes: torch.Tensor,
    affine: torch.Tensor,
    mirror: ChartMirror | None,
) -> ChartMaps:
    """The predictions that a transformed image makes for the image before it.

    Charts move with the body: a rotated image leaves coordinates and directions as they are, a
    mirrored one shows each chart as that of the other side.

    Args:
        maps: of N boxes of the transformed image.
        transformed_boxes: (N, 4) XYXY pixels of the transformed image, which `maps` covers.
        boxes: (N, 4) XYXY pixels of the image before, which the result covers.
        affine: (2, 3) pixels of the image before to those of the transformed one.
        mirror: of the surface's charts; needed if the map is a reflection.

    Returns:
        Values at the cells' centres in `boxes`, read bilinearly. Cells outside a transformed box
        have the values of its edge.

    Raises:
        ValueError: the map is a reflection, and there is no mirror.
    """
    corners = _corners(maps.side, transformed_boxes, boxes, affine)
    present = {f.name: getattr(maps, f.name) for f in fields(maps) if f.name not in PER_BOX}
    read = {name: _read(value, corners) for name, value in present.items() if value is not None}
    restored = replace(maps, **read)
    if not is_reflection(affine):
        return restored
    if mirror is None:
        raise ValueError("the image was mirrored, but there is no chart mirror to undo it with")
    return mirror_chart_maps(restored, mirror)


def resample_maps(
    maps: torch.Tensor,
    transformed_boxes: torch.Tensor,
    boxes: torch.Tensor,
    affine: torch.Tensor,
) -> torch.Tensor:
    """Maps (N, ..., S, S) of boxes of a transformed image at the cells of boxes before it.

    Args, and the cells outside a transformed box: as for :func:`restore_chart_maps`.
    """
    return _read(maps, _corners(maps.shape[-1], transformed_boxes, boxes, affine))


def mirror_chart_maps(maps: ChartMaps, mirror: ChartMirror) -> ChartMaps:
    """Predictions of a mirrored person as those of the person; cells stay where they are.

    Left and right charts change places, and what is said in a chart's coordinates is said in those
    of its twin: coordinates, directions at them, and shared covariances at the chart's centre.
    Isotropic variances keep their size, as charts of the two sides have the same scale.
    """
    side = maps.side
    chart = torch.arange(NUM_PARTS + 1, device=maps.u.device)
    # A chart receives what its twin says.
    twin = mirror.part(chart)
    part = twin[:, None, None].expand(len(maps), NUM_PARTS + 1, side, side)
    twin_uv = torch.stack([maps.u[:, twin], maps.v[:, twin]], dim=-1)
    u, v = mirror.uv(part, twin_uv).unbind(dim=-1)
    changed = {"u": u, "v": v, "fine_segm": maps.fine_segm[:, twin]}
    if maps.coarse_segm.shape[1] == len(FLIP_COARSE_PARTS):
        changed["coarse_segm"] = maps.coarse_segm[:, _FLIP_COARSE_PARTS.to(chart.device)]
    if maps.variance is not None:
        changed["variance"] = maps.variance[:, twin]
    if maps.direction is not None:
        direction = maps.direction[:, :, twin].movedim(1, -1)
        changed["direction"] = mirror.direction(part, twin_uv, direction).movedim(-1, 1)
    if maps.shared_covariance is not None:
        shared = maps.shared_covariance[:, twin]
        centre = shared.new_full((*shared.shape[:2], 2), 0.5)
        part_of_box = twin.expand(shared.shape[:2])
        changed["shared_covariance"] = mirror.covariance(part_of_box, centre, shared)
    return replace(maps, **changed)


def _corners(
    side: int, transformed_boxes: torch.Tensor, boxes: torch.Tensor, affine: torch.Tensor
) -> Corners:
    """What linear interpolation reads of maps of the transformed boxes for the cells of `boxes`.

    Returns:
        Cells and weights (N, side²).
    """
    affine = affine.to(boxes.device, torch.float64)
    centre = (torch.arange(side, dtype=torch.float64, device=boxes.device) + 0.5) / side
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    xy = box_to_image_xy(torch.stack([x, y], dim=-1), boxes.double()[:, None, None])
    moved = xy @ affine[:, :2].T + affine[:, 2]
    fraction = image_to_box_xy(moved, transformed_boxes.double()[:, None, None])
    # A box without area has no positions; what is read there does not matter.
    position = fraction.nan_to_num() * side - 0.5
    nearest = position.round()
    position = torch.where((position - nearest).abs() < ON_CENTRE, nearest, position)
    taps_x, taps_y = (linear_taps(along.flatten(1), side) for along in position.unbind(dim=-1))
    return corners_of(taps_x, taps_y, side)


def _read(maps: torch.Tensor, corners: Corners) -> torch.Tensor:
    """Maps (N, ..., S, S) at the cells of corners (N, S²)."""
    channels = maps.flatten(1, -3).flatten(2)

    def read(cell: torch.Tensor) -> torch.Tensor:
        return channels.gather(2, cell[:, None].expand(channels.shape)).movedim(1, -1)

    return interpolate(corners, read).movedim(-1, 1).reshape(maps.shape)
