"""Lines that are read on any ground."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

SEAM_BGR = (30, 30, 30)
_FRACTION_BITS = 4


def draw_lines(
    picture: np.ndarray, lines: Sequence[np.ndarray], colour_bgr: tuple[int, int, int]
) -> None:
    """Draw lines, each on a dark seam, into a picture.

    Args:
        picture: (H, W, 3) uint8, changed.
        lines: each (N, 2) pixels of the picture, pixel centres at half integers.
        colour_bgr: blue, green, red.
    """
    # OpenCV counts from the centre of the first pixel, in fractions here.
    fixed = [np.round((line - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32) for line in lines]
    width = 1 + max(picture.shape[:2]) // 1000
    for colour, thickness in ((SEAM_BGR, width + 1), (colour_bgr, width)):
        cv2.polylines(picture, fixed, False, colour, thickness, cv2.LINE_AA, _FRACTION_BITS)
