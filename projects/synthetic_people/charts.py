"""Flattening a part of the body into its chart.

Tutte's embedding (an injective start on the disc) is relaxed by SLIM (Rabinovich et al., "Scalable
Locally Injective Mappings", ACM ToG 2017) with the symmetric Dirichlet energy, which punishes
stretch and squeeze alike and never folds a triangle.
"""

from __future__ import annotations

import igl
import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu

MARGIN = 0.02
"""Free border of each chart, in chart units."""


def flatten(vertices: np.ndarray, faces: np.ndarray, iterations: int) -> np.ndarray:
    """Near-isometric, fold-free map of a piece of surface to the plane.

    Args:
        vertices: (N, 3) metres, all of them used by ``faces``.
        faces: (M, 3) one connected piece with a border; holes in it are allowed.
        iterations: steps of SLIM.

    Returns:
        (N, 2) float64 plane coordinates, metres; counter-clockwise faces stay so.
    """
    filled_vertices, filled_faces, border = _fill_holes(vertices, faces)
    start = _tutte(filled_vertices, filled_faces, border)
    # Tutte's disc has the surface's area, so that SLIM does not begin with pure scaling.
    start *= np.sqrt(_area(filled_vertices, filled_faces) / np.pi)
    data = igl.slim_precompute(
        np.asfortranarray(filled_vertices),
        np.asfortranarray(filled_faces.astype(np.int32)),
        np.asfortranarray(start),
        igl.MappingEnergyType.SYMMETRIC_DIRICHLET,
        np.zeros(0, dtype=np.int32),
        np.zeros((0, 2), order="F"),
        0.0,
    )
    return np.array(igl.slim_solve(data, iterations))[: len(vertices)]


def border_loops(faces: np.ndarray) -> list[np.ndarray]:
    """Closed border polygons as vertex sequences, each in the direction of its faces' edges.

    Raises:
        ValueError: the border touches itself in a vertex.
    """
    half = np.concatenate([faces[:, :2], faces[:, 1:], faces[:, [2, 0]]]).astype(np.int64)
    stride = int(half.max()) + 1
    key, reverse = half[:, 0] * stride + half[:, 1], half[:, 1] * stride + half[:, 0]
    border = half[~np.isin(key, reverse)]
    following = dict(border.tolist())
    if len(following) != len(border):
        raise ValueError("the border of the piece touches itself")
    loops = []
    while following:
        loop = [next(iter(following))]
        while (vertex := following.pop(loop[-1])) != loop[0]:
            loop.append(vertex)
        loops.append(np.array(loop))
    return loops


def _fill_holes(
    vertices: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Close all border loops but the longest by a fan of triangles around their centre."""
    loops = sorted(border_loops(faces), key=lambda loop: -_loop_length(vertices, loop))
    for loop in loops[1:]:
        centre = np.full(len(loop), len(vertices))
        vertices = np.concatenate([vertices, vertices[loop].mean(axis=0, keepdims=True)])
        faces = np.concatenate([faces, np.stack([np.roll(loop, -1), loop, centre], axis=1)])
    return vertices, faces, loops[0]


def _loop_length(vertices: np.ndarray, loop: np.ndarray) -> float:
    return float(np.linalg.norm(vertices[loop] - vertices[np.roll(loop, -1)], axis=1).sum())


def _tutte(vertices: np.ndarray, faces: np.ndarray, border: np.ndarray) -> np.ndarray:
    """Border on the unit circle by arc length, every other vertex the mean of its neighbours."""
    steps = np.linalg.norm(vertices[np.roll(border, -1)] - vertices[border], axis=1)
    angle = 2 * np.pi * (np.cumsum(steps) - steps) / steps.sum()
    ends = np.concatenate([faces[:, :2], faces[:, 1:], faces[:, [2, 0]]])
    ends = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
    size = len(vertices)
    adjacency = coo_matrix((np.ones(len(ends)), ends.T), shape=(size, size)).tocsr()
    laplacian = (diags(np.asarray(adjacency.sum(axis=1)).ravel()) - adjacency).tocsc()
    inner = np.setdiff1d(np.arange(size), border)
    uv = np.zeros((size, 2))
    uv[border] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if len(inner):
        pull = -laplacian[inner][:, border] @ uv[border]
        uv[inner] = splu(laplacian[inner][:, inner]).solve(pull)
    return uv


def _area(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def align(uv: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Rotate a chart so that ``height`` rises along v (best linear fit).

    Args:
        uv: (N, 2) plane coordinates.
        height: (N,) values at the same vertices.

    Returns:
        (N, 2) rotated about the origin.
    """
    design = np.column_stack([uv, np.ones(len(uv))])
    gradient = np.linalg.lstsq(design, height, rcond=None)[0][:2]
    s, c = gradient / np.linalg.norm(gradient)
    return uv @ np.array([[c, -s], [s, c]]).T


def symmetrise(uv: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Nearest chart with ``u' = -u`` at mirrored vertices; ``uv`` must be aligned already."""
    image = uv[mirror]
    uv = uv - [0.5 * (uv[:, 0] + image[:, 0]).mean(), 0.0]
    image = uv[mirror] * [-1.0, 1.0]
    return 0.5 * (uv + image)


def fit_to_unit_square(uv: np.ndarray, centre_u: float | None = None) -> np.ndarray:
    """Scale a chart, evenly in both axes, and centre it, so that its longer side fills [0, 1].

    One scale for both axes keeps charts near-isometric: an error of 0.01 is the same length along
    u and along v. `MARGIN` stays free on the longer side.

    Args:
        uv: (N, 2) plane coordinates.
        centre_u: plane coordinate that goes to u = 0.5; by default the middle of the range.

    Returns:
        (N, 2) float64 chart coordinates.
    """
    low, high = uv.min(axis=0), uv.max(axis=0)
    centre = (low + high) / 2
    if centre_u is not None:
        centre[0] = centre_u
    half_size = np.abs(uv - centre).max()
    return 0.5 + (uv - centre) * (0.5 - MARGIN) / half_size


def stretch(vertices: np.ndarray, faces: np.ndarray, face_uv: np.ndarray) -> np.ndarray:
    """Singular values of each face's map from the surface to its chart, (F, 2) descending.

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3).
        face_uv: (F, 3, 2) plane coordinates of the corners.
    """
    corners = vertices[faces]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    x = np.linalg.norm(first, axis=1)
    along = (first * second).sum(axis=1) / x
    height = np.sqrt(np.maximum((second**2).sum(axis=1) - along**2, 1e-18))
    local = np.zeros((len(faces), 2, 2))
    local[:, 0, 0], local[:, 0, 1], local[:, 1, 1] = x, along, height
    plane = np.stack([face_uv[:, 1] - face_uv[:, 0], face_uv[:, 2] - face_uv[:, 0]], axis=-1)
    return np.linalg.svd(plane @ np.linalg.inv(local), compute_uv=False)


def signed_area(face_uv: np.ndarray) -> np.ndarray:
    """Signed area of (F, 3, 2) chart triangles, (F,); positive if counter-clockwise."""
    a, b, c = face_uv[:, 0], face_uv[:, 1], face_uv[:, 2]
    ab, ac = b - a, c - a
    return 0.5 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])
