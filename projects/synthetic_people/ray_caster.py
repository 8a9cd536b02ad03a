"""Ray casting with Embree: what each ray hits first."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh


@dataclasses.dataclass(frozen=True, eq=False)
class Hits:
    """First hits of N rays.

    Attributes:
        mesh: (N,) int32 position of the mesh hit, -1 for none.
        face: (N,) int32 face of that mesh, -1 for none.
        weights: (N, 3) float32 barycentric coordinates of the face's corners.
        distance: (N,) float32 in lengths of the ray's direction; inf for none.
    """

    mesh: np.ndarray
    face: np.ndarray
    weights: np.ndarray
    distance: np.ndarray


class FirstHits(Protocol):
    """Whatever finds first hits as a `RayCaster` does."""

    def first_hits(self, origin: np.ndarray, directions: np.ndarray) -> Hits: ...


class RayCaster:
    """An Embree scene of triangle meshes.

    Args:
        meshes: (vertices (V, 3) metres, faces (F, 3)) each.
        keep: per mesh, None or the faces to keep, a (F,) boolean. Leaving out what no ray of
            interest can hit, such as the far side of a closed body, halves the time to build the
            scene, which is most of it. Hits are numbered as if all were kept.
    """

    def __init__(
        self,
        meshes: Sequence[tuple[np.ndarray, np.ndarray]],
        keep: Sequence[np.ndarray | None] | None = None,
    ) -> None:
        self._scene = rtcore_scene.EmbreeScene()
        self._kept: list[tuple[int, np.ndarray]] = []
        self._meshes = []
        for index, (vertices, faces) in enumerate(meshes):
            mask = keep[index] if keep is not None else None
            kept = np.arange(len(faces)) if mask is None else np.flatnonzero(mask)
            if not len(kept):
                continue
            # Embree's copy loop costs per vertex handed over, so only the used ones are.
            used = np.zeros(len(vertices), dtype=bool)
            used[faces[kept]] = True
            corners = (np.cumsum(used, dtype=np.int32) - 1)[faces[kept]]
            mesh = TriangleMesh(
                self._scene,
                np.ascontiguousarray(vertices[used], dtype=np.float32),
                np.ascontiguousarray(corners),
            )
            self._meshes.append(mesh)
            self._kept.append((index, kept))

    def first_hits(self, origin: np.ndarray, directions: np.ndarray) -> Hits:
        """Cast rays.

        Args:
            origin: (3,) or (N, 3) metres.
            directions: (N, 3), of any length.
        """
        count = len(directions)
        hits = Hits(
            mesh=np.full(count, -1, np.int32),
            face=np.full(count, -1, np.int32),
            weights=np.zeros((count, 3), np.float32),
            distance=np.full(count, np.inf, np.float32),
        )
        if not count or not self._kept:
            return hits
        raw = self._scene.run(*_as_rays(origin, directions), output=True)
        found = np.flatnonzero(raw["primID"] >= 0)
        geometry, primitive = raw["geomID"][found], raw["primID"][found]
        for position, (index, kept) in enumerate(self._kept):
            here = geometry == position
            hits.mesh[found[here]] = index
            hits.face[found[here]] = kept[primitive[here]]
        u, v = raw["u"][found], raw["v"][found]
        hits.weights[found] = np.stack([1 - u - v, u, v], axis=1)
        hits.distance[found] = raw["tfar"][found]
        return hits

    def blocked(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """(N,) boolean: whether anything lies along each ray.

        Args:
            origins: (3,) or (N, 3) metres.
            directions: (N, 3), of any length.
        """
        if not len(directions) or not self._kept:
            return np.zeros(len(directions), dtype=bool)
        return self._scene.run(*_as_rays(origins, directions), query="OCCLUDED") >= 0


def _as_rays(origin: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    directions = np.ascontiguousarray(directions, dtype=np.float32)
    origins = np.ascontiguousarray(np.broadcast_to(origin, directions.shape), dtype=np.float32)
    return origins, directions
