"""Intersection over union of masks, each of them known in a window of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class WindowMask(NamedTuple):
    """A mask that is empty outside a window of the image.

    Attributes:
        left, top: column and row of the window's first pixel, both at least 0.
        pixels: (h, w) bool, the mask in the window, which does not reach beyond the image. Masks
            are fastest compared if all lie column after column in memory, as COCO's encodings do.
    """

    left: int
    top: int
    pixels: np.ndarray

    @property
    def area(self) -> int:
        """Number of pixels of the mask."""
        return int(np.count_nonzero(self.pixels))

    @staticmethod
    def cropped(pixels: np.ndarray, left: int, top: int, height: int, width: int) -> WindowMask:
        """A mask (h, w) bool at column `left` and row `top`, cut at the edges of the image.

        Args:
            pixels: (h, w) bool.
            left, top: may be negative.
            height, width: of the image, pixels.
        """
        rows = slice(max(-top, 0), max(height - top, 0))
        columns = slice(max(-left, 0), max(width - left, 0))
        return WindowMask(max(left, 0), max(top, 0), pixels[rows, columns])


EMPTY_MASK = WindowMask(0, 0, np.zeros((0, 0), dtype=bool))
"""The mask of nothing."""


def intersection_area(a: WindowMask, b: WindowMask) -> int:
    """Number of pixels in both masks."""
    left, top = max(a.left, b.left), max(a.top, b.top)
    right = min(a.left + a.pixels.shape[1], b.left + b.pixels.shape[1])
    bottom = min(a.top + a.pixels.shape[0], b.top + b.pixels.shape[0])
    if right <= left or bottom <= top:
        return 0
    in_a, in_b = (
        mask.pixels[top - mask.top : bottom - mask.top, left - mask.left : right - mask.left]
        for mask in (a, b)
    )
    return int(np.count_nonzero(in_a & in_b))


def mask_iou(
    masks: Sequence[WindowMask], people: Sequence[WindowMask], iscrowd: np.ndarray | None = None
) -> np.ndarray:
    """Overlap of D masks with those of G people as COCO defines it.

    Args:
        masks: D masks of an image.
        people: G masks of the same image.
        iscrowd: (G,) bool, by default nobody.

    Returns:
        (D, G) float64: the intersection over the union, over the first mask's own area for a crowd;
        0 where that area is.
    """
    crowd = np.zeros(len(people), dtype=bool) if iscrowd is None else iscrowd
    shared = np.array(
        [[intersection_area(mask, person) for person in people] for mask in masks], dtype=np.float64
    ).reshape(len(masks), len(people))
    own = np.array([mask.area for mask in masks], dtype=np.float64)[:, None]
    other = np.array([person.area for person in people], dtype=np.float64)
    return shared / np.maximum(np.where(crowd, own, own + other - shared), 1.0)
