"""Positions relative to boxes.

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
