"""Points of the surface: from chart coordinates to faces and positions, and back.

Shapes: P points. A point is a face and three weights, its barycentric coordinates in that face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .lookup import ChartLookup
from .surface import Surface

_ON_FACE_UV = 1e-7
"""Chart units within which a point counts as on a face: the rounding of float32 coordinates."""

_FIRST_CANDIDATES = 8
_CANDIDATE_GROWTH = 4
_POINTS_PER_CHUNK = 1 << 13
"""Bounds the memory of the comparison of points with their candidate faces."""


@dataclass(frozen=True)
class SurfacePoints:
    """P points of a surface. Where a query named no point, `face` is -1 and the others are NaN.

    Attributes:
        face: (P,) int64.
        weights: (P, 3) float64, of the face's corners; not negative, of sum 1.
        position_m: (P, 3) float64, on the rest body.
        distance_uv: (P,) float64, chart units: how far the query lay from the chart, 0 on it.
    """

    face: np.ndarray
    weights: np.ndarray
    position_m: np.ndarray
    distance_uv: np.ndarray

    def __len__(self) -> int:
        return len(self.face)


def uv_to_surface(
    lookup: ChartLookup, part: np.ndarray, u: np.ndarray, v: np.ndarray
) -> SurfacePoints:
    """What lies at chart coordinates: the face that contains them, or the chart's nearest point.

    It is exact, unlike `ChartLookup.face`, whose answer is the starting point. Where a chart folds
    over itself, any of the faces at a point may be named.

    Args:
        lookup: of the surface.
        part: (P,) integer charts 1..24; 0 names no point.
        u, v: (P,) chart units, also outside of [0, 1]; NaN and infinities name no point.
    """
    part = np.asarray(part)
    uv = np.stack([u, v], axis=-1).astype(np.float64)
    named = np.flatnonzero((part > 0) & np.isfinite(uv).all(axis=-1))
    face = np.full(len(part), -1, dtype=np.int64)
    weights = np.full((len(part), 3), np.nan)
    distance_uv = np.full(len(part), np.nan)
    face_uv = lookup.surface.face_uv.astype(np.float64)

    face[named] = lookup.face(part[named], uv[named])
    weights[named], distance_uv[named] = _closest_in_triangles(uv[named], face_uv[face[named]])
    elsewhere = named[distance_uv[named] > _ON_FACE_UV]
    for chart in np.unique(part[elsewhere]):
        faces = np.flatnonzero(lookup.surface.face_part == chart)
        own = elsewhere[part[elsewhere] == chart]
        position, weights[own], distance_uv[own] = _closest_of_all(uv[own], face_uv[faces])
        face[own] = faces[position]
    distance_uv[distance_uv <= _ON_FACE_UV] = 0
    return SurfacePoints(
        face, weights, surface_position(lookup.surface, face, weights), distance_uv
    )


def surface_to_uv(
    surface: Surface, face: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chart coordinates of points of the surface; the inverse of :func:`uv_to_surface`.

    Args:
        face: (P,) integer faces; -1 for no point.
        weights: (P, 3) barycentric coordinates.

    Returns:
        part (P,) uint8, u (P,) and v (P,) float64 chart units; 0, NaN and NaN for no point.
    """
    face = np.asarray(face)
    uv = np.einsum("pk,pkd->pd", weights, surface.face_uv[face].astype(np.float64))
    uv[face < 0] = np.nan
    part = np.where(face < 0, np.uint8(0), surface.face_part[face])
    return part, uv[:, 0], uv[:, 1]


def surface_position(surface: Surface, face: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(P, 3) float64 metres on the rest body, of faces (P,) and weights (P, 3); NaN for face -1."""
    corners = surface.vertices[surface.faces[face]].astype(np.float64)
    position: np.ndarray = np.einsum("pk,pkd->pd", weights, corners)
    position[np.asarray(face) < 0] = np.nan
    return position


def _closest_of_all(
    uv: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The closest of all triangles to each point.

    A triangle whose centre is c away is no closer than c - r, r the largest distance of a corner
    from its centre. Candidates come by the distance of their centres until none can be closer.

    Args:
        uv: (P, 2). triangles: (F, 3, 2).

    Returns:
        triangle (P,), weights (P, 3) of its corners, and the distance (P,).
    """
    centre = triangles.mean(axis=1)
    radius = np.linalg.norm(triangles - centre[:, None], axis=-1).max()
    tree = cKDTree(centre)
    best = np.zeros(len(uv), dtype=np.int64)
    weights, distance = np.zeros((len(uv), 3)), np.full(len(uv), np.inf)
    pending, count = np.arange(len(uv)), _FIRST_CANDIDATES
    while len(pending):
        count = min(count, len(triangles))
        unsettled = []
        for chunk in np.array_split(pending, -(-len(pending) * count // _POINTS_PER_CHUNK)):
            to_centre, candidate = tree.query(uv[chunk], k=np.arange(1, count + 1))
            found, off = _closest_in_triangles(uv[chunk, None], triangles[candidate])
            row, column = np.arange(len(chunk)), off.argmin(axis=1)
            best[chunk], distance[chunk] = candidate[row, column], off[row, column]
            weights[chunk] = found[row, column]
            settled = (distance[chunk] <= _ON_FACE_UV) | (
                to_centre[:, -1] - radius >= distance[chunk]
            )
            unsettled.append(chunk[~settled])
        if count == len(triangles):
            break
        pending, count = np.concatenate(unsettled), count * _CANDIDATE_GROWTH
    return best, weights, distance


def _closest_in_triangles(point: np.ndarray, triangle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The point of each triangle that is closest to a point of the plane.

    Args:
        point: (..., 2). triangle: (..., 3, 2), of either orientation, degenerate ones included.

    Returns:
        weights (..., 3) of its corners, and its distance (...,) from the point.
    """
    a, b, c = (triangle[..., corner, :] for corner in range(3))
    ab, ac, ap = b - a, c - a, point - a
    double_area = _cross(ab, ac)
    solid = np.abs(double_area) > 1e-14
    scale = np.where(solid, 1 / np.where(solid, double_area, 1), 0)
    beta, gamma = _cross(ap, ac) * scale, _cross(ab, ap) * scale
    weights = np.stack([1 - beta - gamma, beta, gamma], axis=-1)
    distance = np.where(solid & (weights >= 0).all(axis=-1), 0, np.inf)
    for start in range(3):
        stop = (start + 1) % 3
        edge = triangle[..., stop, :] - triangle[..., start, :]
        to_point = point - triangle[..., start, :]
        length = np.maximum((edge**2).sum(axis=-1), 1e-30)
        along = np.clip((to_point * edge).sum(axis=-1) / length, 0, 1)
        off = np.linalg.norm(to_point - along[..., None] * edge, axis=-1)
        on_edge = np.zeros_like(weights)
        on_edge[..., start], on_edge[..., stop] = 1 - along, along
        closer = off < distance
        distance = np.where(closer, off, distance)
        weights = np.where(closer[..., None], on_edge, weights)
    return weights, distance


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    cross: np.ndarray = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return cross
