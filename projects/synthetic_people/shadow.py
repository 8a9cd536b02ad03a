"""Soft shadows on the ground, from a map of what is above it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .backdrop import ContactShadow
from .light import Light

_CELL_M = 0.03
_MAX_CELLS = 700


class GroundShadow:
    """How much lamp and sky reach the ground.

    The vertices of all bodies and things are projected onto the ground, along the light for the
    lamp's shadow and straight down for the darkness under low things. Vertices are denser than the
    map's cells, nearly, so that closing by one cell leaves no gaps.

    Args:
        vertices: (V, 3) world positions of each object, metres.
        light: the scene's.
        contact: the darkness under low things.
    """

    def __init__(
        self, vertices: Sequence[np.ndarray], light: Light, contact: ContactShadow
    ) -> None:
        points = np.concatenate(vertices).astype(np.float64)
        slope = light.direction[:2] / max(light.direction[2], 0.15)
        cast = points[:, :2] - slope * points[:, 2:]
        low = points[points[:, 2] < contact.height_m, :2]
        near = np.concatenate([cast, low])
        self._origin = near.min(axis=0) - 0.5
        span = near.max(axis=0) + 0.5 - self._origin
        self._cell = max(_CELL_M, float(span.max()) / _MAX_CELLS)
        shape = np.ceil(span / self._cell).astype(int) + 1
        self._lit = 1 - self._map(cast, shape, light.softness_m)
        self._open = 1 - contact.depth * self._map(low, shape, contact.spread_m)

    def _map(self, points: np.ndarray, shape: np.ndarray, softness_m: float) -> np.ndarray:
        cells = np.zeros(shape, np.float32)
        index = ((points - self._origin) / self._cell).astype(int)
        cells[index[:, 0], index[:, 1]] = 1.0
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
        cells = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, kernel)
        return cv2.GaussianBlur(cells, (0, 0), max(softness_m / self._cell, 0.7))

    def at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares of lamp and sky, (N,) float32 in [0, 1] each, at (N, 2) ground points."""
        where = ((points - self._origin) / self._cell - 0.5).astype(np.float32)
        # Maps are indexed [x, y]; remap wants (column, row).
        column, row = where[:, 1].reshape(-1, 1), where[:, 0].reshape(-1, 1)
        return _sample(self._lit, column, row), _sample(self._open, column, row)


def _sample(values: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    sampled = np.empty(len(column), np.float32)
    # cv2.remap takes at most 32767 rows.
    for start in range(0, len(column), 30000):
        part = slice(start, start + 30000)
        sampled[part] = cv2.remap(
            values, column[part], row[part], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT, borderValue=1.0,
        ).ravel()  # fmt: skip
    return sampled
