"""Point annotations under augmentations: positions, part masks, charts and coordinates."""

from __future__ import annotations

import torch

from ..structures import PointAnnotations
from ..structures.affine import inverse_affine, is_reflection
from ..structures.chart_mirror import ChartMirror
from ..structures.geometry import box_to_image_xy, image_to_box_xy, inside_box
from ..structures.point_annotations import MASK_SIZE
from ..surface.parts import FLIP_COARSE_PARTS

_ON_EDGE = 1e-5
"""Fraction of a box by which a label on its edge may move outside it: boxes are float32."""

_FLIP_COARSE_PARTS = torch.from_numpy(FLIP_COARSE_PARTS.astype("uint8"))


def transform_points(
    points: PointAnnotations,
    old_box: torch.Tensor,
    new_box: torch.Tensor,
    affine: torch.Tensor,
    extent: float,
    mirror: ChartMirror | None,
) -> PointAnnotations:
    """One person's labels in a transformed image.

    Args:
        points: P labels relative to `old_box`.
        old_box, new_box: (4,) XYXY pixels, before and after.
        affine: (2, 3) from :func:`~uncertain_densepose.structures.affine.affine_map`.
        extent: `dp_x` and `dp_y` of the right and lower edge of a box.
        mirror: of the charts; needed if the map is a reflection.

    Returns:
        The labels relative to `new_box`, without those outside `old_box`, which are malformed, and
        those outside `new_box`, which have left the image.

    Raises:
        ValueError: the map is a reflection and there is no mirror.
    """
    old_box, new_box = old_box.double(), new_box.double()
    fraction = points.xy.double() / extent
    moved = box_to_image_xy(fraction, old_box) @ affine[:, :2].T + affine[:, 2]
    moved = image_to_box_xy(moved, new_box)
    moved = torch.where((moved - moved.clamp(0, 1)).abs() <= _ON_EDGE, moved.clamp(0, 1), moved)
    kept = inside_box(fraction) & inside_box(moved)
    xy, part, uv = moved[kept].to(points.xy) * extent, points.part[kept], points.uv[kept]
    coarse = points.coarse_segm
    if coarse is not None:
        coarse = _transform_mask(coarse, old_box, new_box, affine)
    if is_reflection(affine):
        if mirror is None:
            raise ValueError(
                "the image was mirrored; its labels need a chart mirror, pass `mirror`"
            )
        part, uv = mirror.part(part), mirror.uv(part, uv)
        if coarse is not None:
            coarse = _FLIP_COARSE_PARTS[coarse.long()]
    return PointAnnotations(xy=xy, part=part, uv=uv, coarse_segm=coarse)


def _transform_mask(
    mask: torch.Tensor, old_box: torch.Tensor, new_box: torch.Tensor, affine: torch.Tensor
) -> torch.Tensor:
    """Part masks (256, 256) of one box resampled to another, by nearest neighbour."""
    centre = (torch.arange(MASK_SIZE, dtype=torch.float64) + 0.5) / MASK_SIZE
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    image_xy = box_to_image_xy(torch.stack([x, y], dim=-1), new_box)
    back = inverse_affine(affine)
    source = image_xy @ back[:, :2].T + back[:, 2]
    fraction = image_to_box_xy(source, old_box)
    inside = ((fraction >= 0) & (fraction < 1)).all(dim=-1)
    cell = (fraction.nan_to_num() * MASK_SIZE).long().clamp(0, MASK_SIZE - 1)
    return mask[cell[..., 1], cell[..., 0]] * inside
