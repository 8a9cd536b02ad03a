"""Detections of an image as evaluation sees them, whatever form their dense pose has."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from .mask_iou import WindowMask


class ImageDetections(ABC):
    """D detections in an image, the highest score first.

    Attributes:
        category: (D,) int64, contiguous.
        score: (D,) float64, falling.
        boxes: (D, 4) float64, XYWH pixels.
    """

    category: np.ndarray
    score: np.ndarray
    boxes: np.ndarray

    def __len__(self) -> int:
        return len(self.score)

    @abstractmethod
    def read(self, detection: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What a detection says at each of N points.

        Args:
            detection: (N,) int64 in 0..D-1.
            xy: (N, 2) float64, pixels of the image.

        Returns:
            part: (N,) int64 charts 1..24, 0 where the point shows background or lies outside the
                detection; uv: (N, 2) float64 chart units, anything where the part is 0.
        """

    @abstractmethod
    def mask(self, detection: int, height: int, width: int) -> WindowMask:
        """Where a detection sees a body.

        Args:
            detection: in 0..D-1.
            height, width: of the image, pixels.
        """
