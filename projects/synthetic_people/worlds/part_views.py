"""Rendered views of the parts, on which annotators click.

As in DensePose's tool (Guler, Neverova, Kokkinos 2018), a part, one of the 14 that can be told
apart in an image, is shown alone in six views on which all of its surface can be seen. The views
are orthographic pictures of the body in its rest pose. What a click hits is read off the pixel
under it, which a ray through its centre has found; a click beside the part counts for the nearest
pixel of the part, and the inside of a part is not shown.

Shapes: P points; R repeats.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.ndimage import distance_transform_edt

from uncertain_densepose.surface import FINE_TO_COARSE, NUM_PARTS, Surface
from uncertain_densepose.surface.parts import NUM_COARSE_PARTS

from ..geometry import barycentric_mean, cross_2d
from ..requirements import require_synth_extra
from .neutral_positions import NeutralPositions
from .view_frames import NUM_VIEWS, coarse_centre, view_axes

PIXEL_M = 0.002
_MARGIN_PIXELS = 40
_SAME_DEPTH_M = 0.006
_ANY_CHART = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Placement:
    """Where P points appear on the six views of their coarse parts.

    Attributes:
        xy: (P, 6, 2) metres to the right and up of the part's centroid.
        cosine: (P, 6) of the angle between the skin's normal and the direction to the viewer.
        shown: (P, 6) bool, whether the view shows the point, not hidden and not from behind.
        offered: (P, 6) bool, whether the view shows any of the point's chart.
    """

    xy: np.ndarray
    cosine: np.ndarray
    shown: np.ndarray
    offered: np.ndarray


class PartViews:
    """All views of all coarse parts, rendered.

    Args:
        surface: the body.

    Raises:
        MissingExtraError: the packages of the extra ``synth`` are not installed.
    """

    def __init__(self, surface: Surface) -> None:
        require_synth_extra()
        self._points = NeutralPositions(surface)
        self._centre = np.zeros((NUM_COARSE_PARTS + 1, 3))
        self._axes = np.zeros((NUM_COARSE_PARTS + 1, NUM_VIEWS, 3, 3))
        self._low = np.zeros((NUM_COARSE_PARTS + 1, NUM_VIEWS, 2))
        self._size = np.zeros((NUM_COARSE_PARTS + 1, NUM_VIEWS, 2), np.int64)
        # Where the picture of a view begins in `_nearest`, for all charts and for each; -1 for none
        self._start = np.full((NUM_COARSE_PARTS + 1, NUM_VIEWS, NUM_PARTS + 1), -1, np.int64)
        pictures, nearest = [], []
        num_shown = num_pixels = 0
        for coarse in range(1, NUM_COARSE_PARTS + 1):
            self._centre[coarse] = coarse_centre(surface, coarse)
            self._axes[coarse] = view_axes(surface, coarse)
            for view in range(NUM_VIEWS):
                picture = _render(surface, coarse, self._centre[coarse], self._axes[coarse, view])
                self._low[coarse, view] = picture.low
                self._size[coarse, view] = picture.shown.shape[::-1]
                charts = np.unique(picture.part)
                for chart in (_ANY_CHART, *charts):
                    rows = num_shown + picture.nearest(chart)
                    self._start[coarse, view, chart] = num_pixels
                    num_pixels += rows.size
                    nearest.append(rows.ravel().astype(np.int32))
                pictures.append(picture)
                num_shown += len(picture.part)
        self._nearest = np.concatenate(nearest)
        self._part = np.concatenate([picture.part for picture in pictures])
        self._uv = np.concatenate([picture.uv for picture in pictures])
        self._depth = np.concatenate([picture.depth for picture in pictures])

    def place(self, part: np.ndarray, uv: np.ndarray) -> Placement:
        """Find points on the views of their coarse parts.

        Args:
            part: (P,) charts 1..24.
            uv: (P, 2) chart coordinates.
        """
        position, normal = self._points(part, uv)
        coarse = FINE_TO_COARSE[part]
        axes = self._axes[coarse]
        seen = np.einsum("pvij,pj->pvi", axes, position - self._centre[coarse])
        cosine = np.einsum("pvj,pj->pv", axes[:, :, 2], normal)
        views = np.arange(NUM_VIEWS)
        row = self._row(coarse[:, None], views, np.zeros((len(part), 1), np.int64), seen[..., :2])
        same_depth = np.abs(self._depth[row] - seen[..., 2]) < _SAME_DEPTH_M
        offered = self._start[coarse[:, None], views, part[:, None]] >= 0
        return Placement(seen[..., :2], cosine, same_depth & (cosine > 0) & offered, offered)

    def read(
        self, coarse: np.ndarray, view: np.ndarray, xy: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What clicks hit.

        Args:
            coarse: (P,) coarse parts 1..14.
            view: (P,) 0..5.
            xy: (..., P, 2) clicks, metres to the right and up of the part's centroid.

        Returns:
            (..., P) charts 1..24 and (..., P, 2) chart coordinates.
        """
        row = self._row(coarse, view, np.zeros_like(coarse), xy)
        return self._part[row].astype(np.int64), self._uv[row].astype(np.float64)

    def read_chart(self, part: np.ndarray, view: np.ndarray, xy: np.ndarray) -> np.ndarray:
        """What clicks hit where nothing but one chart of the coarse part counts.

        Args:
            part: (P,) charts 1..24.
            view: (P,) 0..5; views that offer the chart, see `Placement`.
            xy: (..., P, 2) as for `read`.

        Returns:
            (..., P, 2) coordinates in the chart ``part``.
        """
        return self._uv[self._row(FINE_TO_COARSE[part], view, part, xy)].astype(np.float64)

    def _row(self, coarse, view, chart, xy) -> np.ndarray:
        """Shown pixels, as positions in `_part`, `_uv` and `_depth`."""
        size = self._size[coarse, view]
        pixel = np.floor((xy - self._low[coarse, view]) / PIXEL_M).astype(np.int64)
        column, row = np.moveaxis(np.clip(pixel, 0, size - 1), -1, 0)
        return self._nearest[self._start[coarse, view, chart] + row * size[..., 0] + column]


@dataclasses.dataclass(frozen=True, eq=False)
class _Picture:
    """One view.

    Attributes:
        low: (2,) metres, the corner of the first pixel.
        shown: (H, W) bool, pixels that show the part; row 0 is the lowest.
        part, uv, depth: (N,), (N, 2), (N,) of the shown pixels, row by row; depth in metres towards
            the viewer from the part's centroid.
    """

    low: np.ndarray
    shown: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    depth: np.ndarray

    def nearest(self, chart: int) -> np.ndarray:
        """(H, W) the nearest shown pixel of a chart, or of any, counted among the shown ones."""
        number = np.full(self.shown.shape, -1, np.int64)
        number[self.shown] = np.arange(len(self.part))
        wanted = self.shown.copy()
        if chart != _ANY_CHART:
            wanted[self.shown] = self.part == chart
        row, column = distance_transform_edt(~wanted, return_distances=False, return_indices=True)
        return number[row, column]


def _render(surface: Surface, coarse: int, centre: np.ndarray, axes: np.ndarray) -> _Picture:
    # Embree belongs to the extra `synth`, and the other worlds do without it.
    from ..ray_caster import RayCaster

    chosen = np.flatnonzero(FINE_TO_COARSE[surface.face_part] == coarse)
    faces = surface.faces[chosen]
    flat = (surface.vertices - centre) @ axes.T
    corners = flat[faces]
    low = corners[..., :2].min(axis=(0, 1)) - _MARGIN_PIXELS * PIXEL_M
    size = np.ceil((corners[..., :2].max(axis=(0, 1)) - low) / PIXEL_M).astype(int) + _MARGIN_PIXELS
    width, height = size
    x = low[0] + (np.arange(width) + 0.5) * PIXEL_M
    y = low[1] + (np.arange(height) + 0.5) * PIXEL_M
    above = corners[..., 2].max() + 1.0
    grid_x, grid_y = np.meshgrid(x, y)
    origins = np.stack([grid_x.ravel(), grid_y.ravel(), np.full(grid_x.size, above)], axis=1)
    hits = RayCaster([(flat, faces)]).first_hits(
        origins, np.tile([0.0, 0.0, -1.0], (len(origins), 1))
    )
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    outside_up = cross_2d(ab, ac) > 0
    shown = (hits.face >= 0) & outside_up[hits.face]
    face, weights = chosen[hits.face[shown]], hits.weights[shown]
    uv = barycentric_mean(surface.face_uv[face], weights)
    return _Picture(
        low=low,
        shown=shown.reshape(height, width),
        part=surface.face_part[face].astype(np.uint8),
        uv=np.clip(uv, 0, 1),
        depth=above - hits.distance[shown],
    )
