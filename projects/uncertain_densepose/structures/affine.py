"""Affine maps of image positions, and what they do to boxes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch


class MovesCoords(Protocol):
    """What is asked of a transform of Detectron2."""

    def apply_coords(self, coords: np.ndarray) -> np.ndarray:
        """(N, 2) pixels after the transform, of (N, 2) pixels before."""


def affine_map(transform: MovesCoords, height: int, width: int) -> torch.Tensor:
    """The affine map of image positions that a transform, or a list of them, amounts to.

    Resizing, flips, rotations, crops and padding are affine.

    Args:
        transform: of Detectron2; its `apply_coords` is called.
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
            f"augmentation {', '.join(names)} is not affine, and dense pose cannot follow it; "
            "remove it"
        )
    columns = [(right - origin) / width, (down - origin) / height, origin]
    return torch.from_numpy(np.stack(columns, axis=1))


def is_reflection(affine: torch.Tensor) -> bool:
    """Whether an affine map (2, 3) shows a person's left as their right."""
    return bool(torch.det(affine[:, :2]) < 0)


def keeps_boxes(affine: torch.Tensor) -> bool:
    """Whether an affine map (2, 3) takes upright boxes to upright boxes, edge to edge."""
    return bool(affine[0, 1] == 0 and affine[1, 0] == 0)


def inverse_affine(affine: torch.Tensor) -> torch.Tensor:
    """The map (2, 3) that undoes the affine map (2, 3)."""
    linear = torch.linalg.inv(affine[:, :2])
    return torch.cat([linear, -linear @ affine[:, 2:]], dim=1)


def transform_boxes(boxes: torch.Tensor, affine: torch.Tensor) -> torch.Tensor:
    """The hulls of transformed boxes: the least upright boxes around their four corners.

    A turn by other than a multiple of 90 degrees makes them larger than the box, and turning back
    makes them larger again.

    Args:
        boxes: (N, 4) XYXY pixels before.
        affine: (2, 3), pixels before to pixels after.

    Returns:
        (N, 4) XYXY pixels after, of the type and on the device of `boxes`.
    """
    affine = affine.to(boxes.device, torch.float64)
    x0, y0, x1, y1 = boxes.double().unbind(dim=1)
    corners = torch.stack([x0, y0, x1, y0, x0, y1, x1, y1], dim=1).reshape(-1, 4, 2)
    moved = corners @ affine[:, :2].T + affine[:, 2]
    return torch.cat([moved.amin(dim=1), moved.amax(dim=1)], dim=1).to(boxes)
