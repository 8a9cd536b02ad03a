"""From chart coordinates to positions on the neutral body."""

from __future__ import annotations

import numpy as np

from uncertain_densepose.surface import ChartLookup, Surface

from ..geometry import barycentric_mean, cross_2d, face_normals, normalised

_RESOLUTION = 512


class NeutralPositions:
    """Positions and normals of points that are given by their chart coordinates.

    Args:
        surface: the body.
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._lookup = ChartLookup(surface, _RESOLUTION)
        vertices = surface.vertices.astype(np.float64)
        self._corners = vertices[surface.faces]
        self._normal = normalised(face_normals(vertices, surface.faces))

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
        area = cross_2d(ab, ac)
        solid = np.abs(area) > 1e-12
        area = np.where(solid, area, 1.0)
        beta = np.where(solid, cross_2d(ap, ac) / area, 1 / 3)
        gamma = np.where(solid, cross_2d(ab, ap) / area, 1 / 3)
        # The face may be a neighbour of the point's; its own points are the nearest it has.
        weights = np.maximum(np.stack([1 - beta - gamma, beta, gamma], axis=1), 0.0)
        weights /= weights.sum(axis=1, keepdims=True)
        return barycentric_mean(self._corners[face], weights), self._normal[face]
