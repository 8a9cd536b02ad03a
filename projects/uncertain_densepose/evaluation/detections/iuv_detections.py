"""Detections with dense pose quantised per pixel, as `ImageDetections`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...structures.image_detections import ImageDetections
from ...structures.mask_iou import WindowMask

_QUANTA = 255.0


class IUVDetections(ImageDetections):
    """D detections, the highest score first; ties keep their order.

    Row l, column k of an array is the pixel k right of and l below the box's corner, which need not
    be integer. As in DensePose's evaluator, a point is read in the pixel in which it lies, and in
    the first one if it lies less than a pixel beyond the left or upper edge.

    Args:
        category: (D,) int64, contiguous.
        score: (D,) float64.
        boxes: (D, 4) float64, XYWH pixels.
        iuv: D arrays (3, h, w) uint8: charts, 0 background, then 255 U and 255 V.
    """

    def __init__(
        self, category: np.ndarray, score: np.ndarray, boxes: np.ndarray, iuv: Sequence[np.ndarray]
    ):
        order = np.argsort(-score, kind="stable")
        self.category, self.score, self.boxes = category[order], score[order], boxes[order]
        self._iuv = [iuv[detection] for detection in order]

    def read(self, detection: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `ImageDetections.read`."""
        part = np.zeros(len(detection), dtype=np.int64)
        uv = np.zeros((len(detection), 2))
        column, row = (xy - self.boxes[detection, :2]).astype(np.int64).T
        for index, iuv in enumerate(self._iuv):
            _, height, width = iuv.shape
            own = np.flatnonzero(
                (detection == index)
                & (column >= 0)
                & (column < width)
                & (row >= 0)
                & (row < height)
            )
            values = iuv[:, row[own], column[own]]
            part[own], uv[own] = values[0], values[1:].T / _QUANTA
        return part, uv

    def mask(self, detection: int, height: int, width: int) -> WindowMask:
        """Where the chart is not background, at the integer part of the box's corner."""
        x, y, w, h = self.boxes[detection]
        pixels = np.asfortranarray(self._iuv[detection][0] > 0)
        pixels = pixels[: max(int(y + h) - int(y), 0), : max(int(x + w) - int(x), 0)]
        return WindowMask.cropped(pixels, int(x), int(y), height, width)
