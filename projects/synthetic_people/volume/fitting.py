"""Garments that stand off the skin: how far each vertex of the body moves along its normal.

Shapes: V' vertices of the body mesh, F' faces. Lengths are metres.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
import scipy.sparse

from ..body_mesh import BodyMesh
from ..clothes import Region
from ..geometry import normalised

Thickness = Callable[[np.ndarray], np.ndarray]
"""(N, 4) rest coordinates -> (N,) metres."""

_LAYER_GAP_M = 0.002
_LEAST_M = 0.001
_DIRECTION_PASSES = 6
_STEP = 0.95
_ALONG_EDGE = (0.2, 0.45, 0.7)


@dataclasses.dataclass(frozen=True, eq=False)
class Garment:
    """Something worn on the skin.

    Attributes:
        name: what it is.
        region: where it is.
        material: (N, 3) rest positions -> (N, 3) linear RGB.
        thickness: how far its outside is from the skin.
        ironing: passes of smoothing that let it span hollows of the body (toes, ears, the cleft
            between the breasts).
        edge: passes of smoothing that thin it towards its border; 0 gives a hem.
        heights: on the body at rest, metres, between which all of it is; narrower is faster.
    """

    name: str
    region: Region
    material: Callable[[np.ndarray], np.ndarray]
    thickness: Thickness
    ironing: int = 0
    edge: int = 0
    heights: tuple[float, float] = (-np.inf, np.inf)


@functools.lru_cache(maxsize=4)
def neighbour_mean(mesh: BodyMesh) -> scipy.sparse.csr_matrix:
    """(V', V') float32 operator: the mean over the vertices that share an edge with each."""
    ends = np.concatenate([mesh.faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    ends = np.concatenate([ends, ends[:, ::-1]])
    count = len(mesh.rest_coordinates)
    links = scipy.sparse.csr_matrix(
        (np.ones(len(ends), np.float32), (ends[:, 0], ends[:, 1])), shape=(count, count)
    )
    links.data[:] = 1.0
    degree = np.asarray(links.sum(axis=1)).ravel()
    return (scipy.sparse.diags(1 / degree) @ links).tocsr().astype(np.float32)


@functools.lru_cache(maxsize=4)
def _smoother(mesh: BodyMesh) -> scipy.sparse.csr_matrix:
    """(V', V') float32 operator of one pass of smoothing."""
    count = len(mesh.rest_coordinates)
    own = scipy.sparse.identity(count, dtype=np.float32, format="csr")
    return ((1 - _STEP) * own + _STEP * neighbour_mean(mesh)).tocsr().astype(np.float32)


def cover(
    mesh: BodyMesh, region: Region, heights: tuple[float, float] = (-np.inf, np.inf)
) -> np.ndarray:
    """How much of each vertex a region covers, (V',) float32 in [0, 1].

    At its border, the share of the edges around the vertex that is inside, so that the border of
    what stands off the skin runs between the vertices, as that of its colour does. Only vertices
    between two rest heights, metres, are asked.
    """
    rest, mean = mesh.rest_coordinates, neighbour_mean(mesh)
    near = np.flatnonzero((rest[:, 2] > heights[0]) & (rest[:, 2] < heights[1]))
    share = np.zeros(len(rest), np.float32)
    share[near] = region(rest[near])
    around = mean @ share
    mixed = np.flatnonzero(np.abs(around - share) > 1e-6)
    rows = mean[mixed]
    degree = np.diff(rows.indptr)
    start, stop = rest[np.repeat(mixed, degree)], rest[rows.indices]
    along = [region(start + np.float32(part) * (stop - start)) for part in _ALONG_EDGE]
    row = np.repeat(np.arange(len(mixed)), degree)
    share[mixed] = np.bincount(row, np.mean(along, axis=0), len(mixed)) / np.maximum(degree, 1)
    return share


def offsets(
    mesh: BodyMesh, vertices: np.ndarray, normals: np.ndarray, garments: Sequence[Garment]
) -> tuple[np.ndarray, np.ndarray]:
    """How far and which way each vertex moves.

    It moves along its normal, which is smoothed so that neighbours do not cross in creases and
    toes move together within a shoe. Where garments lie over one another the outer one is outside
    of the inner one.

    Args:
        mesh: the body mesh.
        vertices: (V', 3) posed.
        normals: (V', 3) outward unit normals.
        garments: from the skin outwards.

    Returns:
        (V',) float32 metres, 0 on bare skin and positive elsewhere, and (V', 3) float32 unit
        vectors.
    """
    rest, smoother = mesh.rest_coordinates, _smoother(mesh)
    wanted = {garment.ironing for garment in garments}
    directions, ironed = _smoothed(vertices, normals, smoother, wanted)
    total = np.zeros(len(rest), np.float32)
    for garment in garments:
        share = cover(mesh, garment.region, garment.heights)
        here = np.flatnonzero(share > 0)
        own = garment.thickness(rest[here]).astype(np.float32)
        if garment.edge:
            full = np.zeros(len(rest), np.float32)
            full[here] = own * share[here]
            for _ in range(garment.edge):
                full = smoother @ full
            own = np.minimum(own, full[here])
        # How far smoothing moves a vertex out of the body: positive in hollows. It also shrinks
        # limbs, which must not make sleeves tight.
        lifted = ((ironed[garment.ironing][here] - vertices[here]) * directions[here]).sum(axis=1)
        own = np.maximum(own + np.maximum(lifted, -0.3 * own), _LEAST_M)
        total[here] = np.maximum(own * share[here], total[here] + _LAYER_GAP_M * share[here])
    return total, directions


def _smoothed(
    vertices: np.ndarray, normals: np.ndarray, smoother: scipy.sparse.csr_matrix, wanted: set[int]
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Unit normals after `_DIRECTION_PASSES` passes, and vertices after each wanted number."""
    values = np.concatenate([vertices, normals], axis=1, dtype=np.float32)
    ironed = {0: vertices}
    for count in range(1, max(wanted | {_DIRECTION_PASSES}) + 1):
        values = smoother @ values
        if count == _DIRECTION_PASSES:
            directions = normalised(values[:, 3:]).astype(np.float32)
            values = np.ascontiguousarray(values[:, :3])
        if count in wanted:
            ironed[count] = values[:, :3]
    return directions, ironed
