"""Flattening a part of the body into its chart.

Tutte's embedding (an injective start on the disc) is relaxed by SLIM (Rabinovich et al., "Scalable
Locally Injective Mappings", ACM ToG 2017) with the symmetric Dirichlet energy, which punishes
stretch and squeeze alike and never folds a triangle.
"""

from __future__ import annotations

import igl
import numpy as np
from scipy.sparse.csgraph import laplacian

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
    area = igl.doublearea(filled_vertices, filled_faces).sum() / 2
    start *= np.sqrt(area / np.pi)
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
    """Closed border polygons of (M, 3) faces, as vertices in the direction of the faces' edges.

    Raises:
        ValueError: the border touches itself in a vertex.
    """
    loops = [np.array(loop) for loop in igl.boundary_loop_all(faces)]
    if sum(map(len, loops)) != len(igl.boundary_facets(faces)[0]):
        raise ValueError("the border of the piece touches itself")
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
    circle = igl.map_vertices_to_circle(np.asfortranarray(vertices), border.astype(np.int32))
    energy = laplacian(igl.adjacency_matrix(faces)).tocsc().astype(float)
    nothing = np.zeros((len(vertices), 2))
    return igl.min_quad_with_fixed(energy, nothing, border, circle, pd=True)


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
    """The nearest chart with ``u' = -u`` at mirrored vertices.

    Args:
        uv: (N, 2) plane coordinates, aligned (see `align`).
        mirror: (N,) index of each vertex's mirror image.

    Returns:
        (N, 2) plane coordinates.
    """
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
