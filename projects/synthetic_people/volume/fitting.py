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
from ..geometry import face_normals, mean_of_faces, normalised

Thickness = Callable[[np.ndarray], np.ndarray]
"""(N, 4) rest coordinates -> (N,) metres."""

_LAYER_GAP_M = 0.002
_LEAST_M = 0.001
_DIRECTION_PASSES = 4


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
    """

    name: str
    region: Region
    material: Callable[[np.ndarray], np.ndarray]
    thickness: Thickness
    ironing: int = 0
    edge: int = 0


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
def rest_normals(mesh: BodyMesh) -> np.ndarray:
    """(V', 3) outward unit normals of the neutral body at rest."""
    positions = mesh.rest_coordinates[:, :3]
    return mean_of_faces(face_normals(positions, mesh.faces), mesh.faces, len(positions))


def offset_directions(mesh: BodyMesh, normals: np.ndarray) -> np.ndarray:
    """(V', 3) unit vectors along which vertices move: normals, smoothed so that they do not cross
    in creases."""
    mean = neighbour_mean(mesh)
    for _ in range(_DIRECTION_PASSES):
        normals = 0.5 * (normals + mean @ normals)
    return normalised(normals).astype(np.float32)


def offsets(
    mesh: BodyMesh, vertices: np.ndarray, directions: np.ndarray, garments: Sequence[Garment]
) -> np.ndarray:
    """How far each vertex moves, (V',) float32 metres, at least 0 and 0 on bare skin.

    Where garments lie over one another the outer one is outside of the inner one.

    Args:
        mesh: the body mesh.
        vertices: (V', 3) posed.
        directions: (V', 3) see `offset_directions`.
        garments: from the skin outwards.
    """
    rest, mean = mesh.rest_coordinates, neighbour_mean(mesh)
    total = np.zeros(len(rest), np.float32)
    for garment in garments:
        inside = garment.region(rest)
        if not inside.any():
            continue
        own = garment.thickness(rest).astype(np.float32)
        if garment.edge:
            full = own * inside
            for _ in range(garment.edge):
                full = 0.5 * (full + mean @ full)
            own = np.minimum(own, full)
        if garment.ironing:
            own = own + _hollows(vertices, directions, mean, inside, garment.ironing)
        own = np.maximum(own, _LEAST_M)
        total = np.where(inside, np.maximum(own, total + _LAYER_GAP_M), total)
    return total


def _hollows(vertices, directions, mean, inside, passes) -> np.ndarray:
    """How far smoothing the covered vertices, the others held, lifts them off the skin."""
    where = np.flatnonzero(inside)
    rows = mean[where]
    ironed = vertices.copy()
    for _ in range(passes):
        ironed[where] = 0.5 * (ironed[where] + rows @ ironed)
    return ((ironed - vertices) * directions).sum(axis=1)
