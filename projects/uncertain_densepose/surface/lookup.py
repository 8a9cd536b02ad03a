"""From chart coordinates to the surface: which face, which vertex."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from .parts import NUM_PARTS
from .surface import Surface


class ChartLookup:
    """Answers "what lies at (part, u, v)?" from one raster of face indices per chart.

    A raster cell holds the face under its centre; cells outside the chart hold the face of the
    nearest cell inside. Queries are therefore exact to about a cell, 1 / ``resolution`` of a chart.

    Args:
        surface: the surface to look up.
        resolution: cells along each axis of a chart.

    Attributes:
        face_raster: (25, resolution, resolution) int32, indexed [part, v, u]; -1 for part 0.
        inside: (25, resolution, resolution) bool, whether a cell's centre is on the chart.
    """

    def __init__(self, surface: Surface, resolution: int = 256):
        self.surface = surface
        self.resolution = resolution
        self.face_raster = np.full((NUM_PARTS + 1, resolution, resolution), -1, dtype=np.int32)
        self.inside = np.zeros(self.face_raster.shape, dtype=bool)
        for part in range(1, NUM_PARTS + 1):
            faces = np.flatnonzero(surface.face_part == part)
            covered = rasterise_triangles(surface.face_uv[faces], resolution)
            self.inside[part] = covered >= 0
            if not self.inside[part].any():
                # The chart is thinner than a cell everywhere: its faces' centres stand for it.
                centre = surface.face_uv[faces].mean(axis=1)
                column, row = self._cell(centre).T
                covered[row, column] = np.arange(len(faces))
            row, column = distance_transform_edt(
                covered < 0, return_distances=False, return_indices=True
            )
            self.face_raster[part] = faces[covered[row, column]]
        # Squared length of a chart step (du, dv) on a face: the first fundamental form of J, whose
        # three entries are cheaper to gather than J itself.
        jacobian = surface.chart_jacobian()
        self._metric = np.einsum("fij,fik->fjk", jacobian, jacobian)[:, [0, 0, 1], [0, 1, 1]]
        # Signed, whatever type the surface has, so that "nowhere" fits in.
        self._faces = surface.faces.astype(np.int32)

    def _cell(self, uv: np.ndarray) -> np.ndarray:
        cell = np.floor(np.clip(uv, 0, 1) * self.resolution).astype(np.int64)
        inside: np.ndarray = np.minimum(cell, self.resolution - 1)
        return inside

    def face(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """The face under each point, or the nearest face of the chart for a point off the chart.

        Args:
            part: (...) integer parts 0..24.
            uv: (..., 2) chart coordinates; values outside [0, 1] are clamped to it.

        Returns:
            (...) int32 face indices of that part; -1 where the part is 0.
        """
        cell = self._cell(np.asarray(uv))
        face: np.ndarray = self.face_raster[np.asarray(part), cell[..., 1], cell[..., 0]]
        return face

    def vertex(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """Vertex nearest to each point: the corner of its face that is closest in metres.

        Args:
            part: (...) integer parts 0..24.
            uv: (..., 2) chart coordinates; values outside [0, 1] are clamped to it.

        Returns:
            (...) int32 vertices, each of a face of that part; -1 where the part is 0.
        """
        uv = np.clip(np.asarray(uv, dtype=np.float32), 0, 1)
        face = self.face(part, uv)
        step = uv[..., None, :] - self.surface.face_uv[face]
        du, dv = step[..., 0], step[..., 1]
        e, f, g = (self._metric[face, entry][..., None] for entry in range(3))
        corner = (e * du**2 + 2 * f * du * dv + g * dv**2).argmin(axis=-1)
        return np.where(face < 0, np.int32(-1), self._faces[face, corner])


def rasterise_triangles(triangles: np.ndarray, resolution: int) -> np.ndarray:
    """Index of a triangle under each cell centre of the unit square.

    Args:
        triangles: (N, 3, 2) corners in [0, 1], of either orientation.
        resolution: cells along each axis.

    Returns:
        (resolution, resolution) int32, indexed [y, x]; -1 where no triangle is. Where triangles
        overlap, the one of the highest index.
    """
    corners = triangles.astype(np.float64) * resolution - 0.5
    low = np.clip(np.ceil(corners.min(axis=1)), 0, resolution).astype(np.int64)
    high = np.clip(np.floor(corners.max(axis=1)) + 1, 0, resolution).astype(np.int64)
    size = np.maximum(high - low, 0)
    # One row per (triangle, cell of its bounding box).
    count = size[:, 0] * size[:, 1]
    owner = np.repeat(np.arange(len(corners)), count)
    position = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    x = low[owner, 0] + position % np.maximum(size[owner, 0], 1)
    y = low[owner, 1] + position // np.maximum(size[owner, 0], 1)

    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac = b - a, c - a
    double_area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    solid = np.abs(double_area) > 1e-12
    scale = np.where(solid, 1 / np.where(solid, double_area, 1), 0)
    dx, dy = x - a[owner, 0], y - a[owner, 1]
    beta = (dx * ac[owner, 1] - dy * ac[owner, 0]) * scale[owner]
    gamma = (ab[owner, 0] * dy - ab[owner, 1] * dx) * scale[owner]
    # The tolerance keeps centres that lie on a shared edge from falling between two triangles.
    tolerance = 1e-9
    hit = solid[owner] & (np.minimum(beta, gamma) >= -tolerance) & (beta + gamma <= 1 + tolerance)
    raster = np.full((resolution, resolution), -1, dtype=np.int32)
    raster[y[hit], x[hit]] = owner[hit]
    return raster
