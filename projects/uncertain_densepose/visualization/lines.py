"""Lines that are legible on any background."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

SEAM_BGR = (30, 30, 30)
_FRACTION_BITS = 4


def draw_lines(
    picture: np.ndarray, lines: Sequence[np.ndarray], colour_bgr: tuple[int, int, int]
) -> None:
    """Draw lines with a dark edge into a picture.

    Args:
        picture: (H, W, 3) uint8 BGR; changed in place.
        lines: each (N, 2) pixels, pixel centres at half integers.
        colour_bgr: 0..255.
    """
    # OpenCV's origin is the centre of the first pixel; coordinates are fixed-point.
    fixed = [np.round((line - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32) for line in lines]
    width = 1 + max(picture.shape[:2]) // 1000
    for colour, thickness in ((SEAM_BGR, width + 1), (colour_bgr, width)):
        cv2.polylines(picture, fixed, False, colour, thickness, cv2.LINE_AA, _FRACTION_BITS)
