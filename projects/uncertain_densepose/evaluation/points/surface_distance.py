"""Distances on the body between chart coordinates."""

from __future__ import annotations

import os

import numpy as np

from ...surface import NUM_PARTS, ChartLookup, Surface
from ...surface.metric import ChartMetric

NOWHERE = -1
"""Stands for the vertex of a prediction that is not on the surface, as in `ChartLookup`;
`Surface.geodesic_distance` takes it to be infinitely far from everything."""


def chart_centres(surface: Surface) -> np.ndarray:
    """(25, 2) float64 the area-weighted mean coordinates of each chart, chart units; row 0, the
    background, is (0.5, 0.5) and has no meaning."""
    corners = surface.vertices[surface.faces].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    weight = np.linalg.norm(normal, axis=1)
    total = np.zeros((NUM_PARTS + 1, 2))
    np.add.at(total, surface.face_part, weight[:, None] * surface.face_uv.mean(axis=1))
    area = np.bincount(surface.face_part, weights=weight, minlength=NUM_PARTS + 1)
    centres = np.full((NUM_PARTS + 1, 2), 0.5)
    centres[1:] = total[1:] / area[1:, None]
    return centres


class SurfaceDistance:
    """From chart coordinates to vertices, and from pairs of vertices to geodesic distances.

    Args:
        surface: the body on which the annotations were made; also an attribute.

    Raises:
        SurfaceFileError: the surface has no geodesic distances.
    """

    def __init__(self, surface: Surface):
        surface.require_distances()
        self.surface = surface
        self._lookup = ChartLookup(surface)
        self._metric = ChartMetric(surface, self._lookup)
        parts = np.arange(NUM_PARTS + 1)
        self._centre_vertex = self._lookup.vertex(parts, chart_centres(surface))

    @staticmethod
    def load(path: str | os.PathLike) -> SurfaceDistance:
        """The distances of a surface file.

        Raises:
            SurfaceFileError: the file is missing, is not a valid surface, or has no distances.
        """
        surface = Surface.load(path)
        surface.require_distances(path)
        return SurfaceDistance(surface)

    def vertex(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """The vertex nearest to chart coordinates.

        Args:
            part: (N,) charts 1..24, 0 for background.
            uv: (N, 2) chart units, clamped to [0, 1].

        Returns:
            (N,) int32; `NOWHERE` for the background and where `uv` is not finite, as from a network
            that has diverged.
        """
        finite = np.isfinite(uv).all(axis=-1)
        return self._lookup.vertex(np.where(finite, part, 0), np.where(finite[:, None], uv, 0.0))

    def centre_vertex(self, part: np.ndarray) -> np.ndarray:
        """(N,) int32, the vertex nearest to the centre of each of the charts (N,) 0..24; `NOWHERE`
        for 0."""
        return self._centre_vertex[part]

    def between_m(self, predicted: np.ndarray, annotated: np.ndarray) -> np.ndarray:
        """Geodesic distance between vertices.

        Args:
            predicted, annotated: (...) integer vertices, of shapes that broadcast together.

        Returns:
            (...) float32 metres, infinite where either is `NOWHERE`.
        """
        return self.surface.geodesic_distance(predicted, annotated)

    def jacobian_m(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """The chart Jacobian at points, (N, 3, 2) metres per chart unit; see `ChartMetric`.

        Args:
            part: (N,) charts 1..24. uv: (N, 2) chart units; taken as 0 where it is not finite.
        """
        return self._metric.jacobian_m(part, np.nan_to_num(uv, posinf=0.0, neginf=0.0))
