"""From chart coordinates to positions on the neutral body."""

from __future__ import annotations

import numpy as np

from uncertain_densepose.surface import ChartLookup, Surface

_RESOLUTION = 512


class NeutralPositions:
    """Positions and normals of points that are given by their chart coordinates.

    Args:
        surface: the body.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._lookup = ChartLookup(surface, _RESOLUTION)
        corners = surface.vertices[surface.faces].astype(np.float64)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self._corners = corners
        self._normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-15)

    def __call__(self, part: np.ndarray, uv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where points are, to about a cell of the lookup (1/512 of a chart).

        Args:
            part: (P,) charts 1..24.
            uv: (P, 2) chart coordinates.

        Returns:
            (P, 3) metres, and (P, 3) unit normals of their faces, outwards.
        """
        face = self._lookup.face(part, uv)
        a, b, c = np.moveaxis(self._surface.face_uv[face].astype(np.float64), 1, 0)
        ab, ac, ap = b - a, c - a, uv - a
        area = _cross(ab, ac)
        solid = np.abs(area) > 1e-12
        area = np.where(solid, area, 1.0)
        beta = np.where(solid, _cross(ap, ac) / area, 1 / 3)
        gamma = np.where(solid, _cross(ab, ap) / area, 1 / 3)
        # The face may be a neighbour of the point's; its own points are the nearest it has.
        weights = np.maximum(np.stack([1 - beta - gamma, beta, gamma], axis=1), 0.0)
        weights /= weights.sum(axis=1, keepdims=True)
        return (weights[:, :, None] * self._corners[face]).sum(axis=1), self._normal[face]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
