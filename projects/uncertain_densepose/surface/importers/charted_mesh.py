"""A mesh with charts, which every source is read into, and the surface that is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ...errors import UserError
from ..distances_on_disk import DistancesOnDisk
from ..geodesics import geodesic_graph, geodesic_table, spread_subset
from ..parts import PART_NAMES
from ..surface import Surface


class SurfaceSourceError(UserError, ValueError):
    """A file that cannot be made into a surface. The message names the file and the field."""


@dataclass(frozen=True)
class ChartedMesh:
    """What `Surface` says of the same names, with V vertices and F faces.

    Attributes:
        vertices: (V, 3) metres, z up, facing -y; every one belongs to a face.
        faces: (F, 3) vertex indices.
        face_part: (F,) charts 1..24.
        face_uv: (F, 3, 2) chart units.
    """

    vertices: np.ndarray
    faces: np.ndarray
    face_part: np.ndarray
    face_uv: np.ndarray


def surface_of_mesh(
    mesh: ChartedMesh,
    name: str,
    table: DistancesOnDisk | None = None,
    *,
    spacing_m: float = 0.008,
    workers: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Surface:
    """A surface without a mirror.

    Args:
        mesh: its geometry.
        name: its name.
        table: (V (V - 1) / 2,) distances between all vertices; None computes those of a subset.
        spacing_m: smallest distance within that subset.
        workers: processes that compute.
        progress: called with the number of table rows done since the last call, and their total.

    Raises:
        SurfaceSourceError: distances are to be computed, and the mesh is in several pieces.
    """
    vertices = np.asarray(mesh.vertices, dtype=np.float32)
    subset = np.arange(len(vertices), dtype=np.int32)
    nearest = subset
    distances: np.ndarray | DistancesOnDisk
    if table is not None:
        distances = table
    else:
        graph = geodesic_graph(vertices, mesh.faces)
        pieces = connected_components(graph, directed=False, return_labels=False)
        if pieces > 1:
            raise SurfaceSourceError(
                f"{name}: the mesh is in {pieces} pieces, which have no geodesic distances between"
                " them; join them"
            )
        subset = spread_subset(vertices, spacing_m)
        nearest = cKDTree(vertices[subset]).query(vertices)[1].astype(np.int32)
        distances = geodesic_table(
            graph,
            subset,
            workers=workers,
            progress=None if progress is None else lambda rows: progress(rows, len(subset)),
        )
    return Surface(
        name=name,
        part_names=PART_NAMES,
        vertices=vertices,
        faces=np.asarray(mesh.faces, dtype=np.int32),
        face_part=np.asarray(mesh.face_part, dtype=np.uint8),
        face_uv=np.asarray(mesh.face_uv, dtype=np.float32),
        mirror=np.zeros(0, dtype=np.int32),
        geodesic_vertices=subset,
        nearest_geodesic=nearest,
        geodesic_m=distances,
    )


def y_up_to_z_up(vertices: np.ndarray) -> np.ndarray:
    """(V, 3) vertices that are z up and face -y, from (V, 3) that are y up and face +z, as SMPL and
    most meshes are. Left stays +x, units stay."""
    x, y, z = np.asarray(vertices).T
    return np.stack([x, -z, y], axis=1)


def only_used_vertices(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vertices (U, 3) that belong to a face, and the faces (F, 3) renumbered to match, from
    vertices (V, 3) and faces (F, 3)."""
    used, renumbered = np.unique(faces, return_inverse=True)
    return vertices[used], renumbered.reshape(faces.shape)
