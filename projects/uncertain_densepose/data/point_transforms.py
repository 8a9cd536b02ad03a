"""Point annotations under augmentations: positions, part masks, charts and coordinates together."""

from __future__ import annotations

import numpy as np
import torch
from detectron2.data.transforms import Transform

from ..structures import PointAnnotations
from ..structures.chart_mirror import ChartMirror
from ..structures.geometry import box_to_image_xy, image_to_box_xy, inside_box
from ..structures.point_annotations import MASK_SIZE
from ..surface.parts import FLIP_COARSE_PARTS

_FLIP_COARSE_PARTS = torch.from_numpy(FLIP_COARSE_PARTS.astype("uint8"))


def affine_map(transform: Transform, height: int, width: int) -> torch.Tensor:
    """The affine map of image positions that a transform, or a list of them, amounts to.

    Resizing, flips, rotations, crops and padding are affine.

    Args:
        transform: of Detectron2.
        height, width: of the image before it, pixels.

    Returns:
        (2, 3) float64: x' = A[:, :2] x + A[:, 2], in pixels.

    Raises:
        ValueError: the transform is not affine; the message names it.
    """
    probes = np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=np.float64)
    origin, right, down, far = transform.apply_coords(probes.copy())
    # A transform that bends the image need not bend its corners.
    inner = transform.apply_coords(np.array([[0.4 * width, 0.3 * height]]))[0]
    expected = origin + 0.4 * (right - origin) + 0.3 * (down - origin)
    tolerance = 1e-6 * max(height, width)
    if not (
        np.allclose(far, right + down - origin, atol=tolerance)
        and np.allclose(inner, expected, atol=tolerance)
    ):
        names = [type(t).__name__ for t in getattr(transform, "transforms", [transform])]
        raise ValueError(
            f"augmentation {', '.join(names)} is not affine, and point annotations cannot follow "
            "it; remove it"
        )
    columns = [(right - origin) / width, (down - origin) / height, origin]
    return torch.from_numpy(np.stack(columns, axis=1))


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
        points: relative to `old_box`.
        old_box: (4,) XYXY pixels before. new_box: (4,) XYXY pixels after.
        affine: (2, 3) from :func:`affine_map`.
        extent: the `dp_x`, `dp_y` of the far edge of a box.
        mirror: of the charts; needed if the map is a reflection.

    Returns:
        The labels relative to `new_box`. Labels outside `old_box` are malformed, and those
        that come to lie outside `new_box` have left the image: neither is kept.
    """
    old_box, new_box = old_box.double(), new_box.double()
    fraction = points.xy.double() / extent
    moved = box_to_image_xy(fraction, old_box) @ affine[:, :2].T + affine[:, 2]
    moved = image_to_box_xy(moved, new_box)
    kept = inside_box(fraction) & inside_box(moved)
    xy, part, uv = moved[kept].to(points.xy) * extent, points.part[kept], points.uv[kept]
    coarse = points.coarse_segm
    if coarse is not None:
        coarse = _transform_mask(coarse, old_box, new_box, affine)
    if is_reflection(affine):
        part, uv = mirror.part(part), mirror.uv(part, uv)
        if coarse is not None:
            coarse = _FLIP_COARSE_PARTS[coarse.long()]
    return PointAnnotations(xy=xy, part=part, uv=uv, coarse_segm=coarse)


def is_reflection(affine: torch.Tensor) -> bool:
    """Whether an affine map (2, 3) shows a person's left as their right."""
    return bool(torch.det(affine[:, :2]) < 0)


def _transform_mask(
    mask: torch.Tensor, old_box: torch.Tensor, new_box: torch.Tensor, affine: torch.Tensor
) -> torch.Tensor:
    """Part masks (256, 256) of one box seen through another, by nearest neighbour."""
    centre = (torch.arange(MASK_SIZE, dtype=torch.float64) + 0.5) / MASK_SIZE
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    image_xy = box_to_image_xy(torch.stack([x, y], dim=-1), new_box)
    source = (image_xy - affine[:, 2]) @ torch.linalg.inv(affine[:, :2]).T
    fraction = image_to_box_xy(source, old_box)
    inside = ((fraction >= 0) & (fraction < 1)).all(dim=-1)
    cell = (fraction.nan_to_num() * MASK_SIZE).long().clamp(0, MASK_SIZE - 1)
    return mask[cell[..., 1], cell[..., 0]] * inside
