"""Meshes of their own that people wear, and which point of the body their pixels stand for.

Annotators of dense pose label a skirt by the body below it, and hair, glasses and hats by the
head. So a pixel that shows such a mesh has the correspondence of the nearest point, to the point
that its ray hits, of what the mesh covers of the posed body: some parts, between two heights.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import igl
import numpy as np

from ..body_mesh import BodyMesh
from ..geometry import barycentric_mean, normalised, vertex_normals
from ..ray_caster import Hits, RayCaster
from ..textures import SmoothField

HEAD = (23, 24)
"""Fine parts that hair, glasses and brims belong to."""

TRUNK_AND_LEGS = (1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
"""Fine parts that skirts, loose shirts and coats belong to."""

EVERYWHERE = (-np.inf, np.inf)


@dataclasses.dataclass(frozen=True, eq=False)
class Drape:
    """A worn mesh, seen from both sides.

    Attributes:
        vertices: (V, 3) float32 world, metres.
        faces: (F, 3) int32.
        normals: (V, 3) float32 unit normals of one side.
        pattern: (V, 3) float32 where the material is looked up, metres.
        material: (N, 3) pattern points -> (N, 3) linear RGB.
        parts: fine parts of the body whose nearest point its pixels stand for.
        relief: field over the pattern whose gradient tilts the normals.
        relief_m: depth of that relief, metres.
        heights: lowest and highest of those parts' faces that it covers, by their middles on the
            body at rest, metres.
    """

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    pattern: np.ndarray
    material: Callable[[np.ndarray], np.ndarray]
    parts: tuple[int, ...]
    relief: SmoothField
    relief_m: float
    heights: tuple[float, float] = EVERYWHERE

    @staticmethod
    def of_mesh(
        vertices, faces, pattern, material, parts, relief, relief_m, heights=EVERYWHERE
    ) -> Drape:
        """With smooth normals; arguments as the attributes."""
        vertices = np.ascontiguousarray(vertices, dtype=np.float32)
        faces = np.ascontiguousarray(faces, dtype=np.int32)
        pattern = np.asarray(pattern, dtype=np.float32)
        return Drape(
            vertices, faces, vertex_normals(vertices, faces), pattern, material, parts,
            relief, relief_m, heights,
        )  # fmt: skip

    def shading(
        self, face: np.ndarray, weights: np.ndarray, eye: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What shading N of its points needs.

        Args:
            face: (N,) of this mesh.
            weights: (N, 3) barycentric coordinates.
            eye: (3,) from where they are seen, metres.

        Returns:
            points, metres, unit normals towards the eye and linear RGB, (N, 3) each.
        """
        corners = self.faces[face]
        points = barycentric_mean(self.vertices[corners], weights)
        pattern = barycentric_mean(self.pattern[corners], weights)
        normals = barycentric_mean(self.normals[corners], weights)
        normals = normals + self.relief_m * self.relief.gradient(pattern)
        away = ((eye - points) * normals).sum(axis=1) < 0
        normals = normalised(np.where(away[:, None], -normals, normals))
        return points, normals, np.clip(self.material(pattern), 0.0, 1.0)

    def moved(self, offset: np.ndarray) -> Drape:
        """The same ``offset``, (3,) metres, away."""
        return dataclasses.replace(self, vertices=self.vertices + np.float32(offset))


class NearestOnBody:
    """Nearest points of some parts of a posed body.

    Args:
        vertices: (V', 3) posed vertices of the body mesh, metres.
        mesh: the body mesh.
        parts: fine parts 1..24.
        heights: lowest and highest of their faces' middles on the body at rest, metres.

    Raises:
        ValueError: no face is there.
    """

    def __init__(
        self,
        vertices: np.ndarray,
        mesh: BodyMesh,
        parts: Sequence[int],
        heights: tuple[float, float] = EVERYWHERE,
    ) -> None:
        chosen, corners, middle_z = _faces_of(mesh, tuple(parts))
        inside = (middle_z >= heights[0]) & (middle_z <= heights[1])
        if not inside.any():
            raise ValueError(f"no face of parts {tuple(parts)} lies at rest heights {heights}")
        self._chosen, self._corners = chosen[inside], corners[inside]
        self._vertices = np.asarray(vertices, dtype=np.float64)
        self._tree = igl.AABB()
        self._tree.init(self._vertices, self._corners)

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The nearest point to each of (N, 3) points, metres.

        Returns:
            (N,) int32 faces of the body mesh and (N, 3) float32 barycentric coordinates.
        """
        points = np.asarray(points, dtype=np.float64)
        _, index, nearest = self._tree.squared_distance(self._vertices, self._corners, points)
        corners = self._vertices[self._corners[index]]
        a, b, c = (np.ascontiguousarray(corners[:, k]) for k in range(3))
        weights = np.clip(igl.barycentric_coordinates(nearest, a, b, c), 0.0, 1.0)
        weights /= weights.sum(axis=1, keepdims=True)
        return self._chosen[index], weights.astype(np.float32)


@functools.lru_cache(maxsize=16)
def _faces_of(mesh: BodyMesh, parts: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices (F,) int32, corners (F, 3) int64 and rest heights (F,) of the faces of some parts."""
    chosen = np.flatnonzero(np.isin(mesh.face_part, parts)).astype(np.int32)
    corners = mesh.faces[chosen].astype(np.int64)
    return chosen, corners, mesh.rest_coordinates[corners, 2].mean(axis=1)


class BodyCaster:
    """A ray caster whose hits on worn meshes are given as hits on the body.

    Args:
        caster: meshes of the people, of other things, then of the drapes, in that order.
        first_drape: position of the first drape's mesh in ``caster``.
        owners: person of each drape.
        drapes: the drapes.
        bodies: (V', 3) posed vertices of each person's body.
        mesh: the body mesh.
    """

    def __init__(
        self,
        caster: RayCaster,
        first_drape: int,
        owners: Sequence[int],
        drapes: Sequence[Drape],
        bodies: Sequence[np.ndarray],
        mesh: BodyMesh,
    ) -> None:
        self._caster = caster
        self._nearest = functools.cache(
            lambda owner, parts, heights: NearestOnBody(bodies[owner], mesh, parts, heights)
        )
        self._worn = list(enumerate(zip(owners, drapes, strict=True), start=first_drape))

    def first_hits(self, origin: np.ndarray, directions: np.ndarray) -> Hits:
        """As `RayCaster.first_hits`; distances are those of what is hit."""
        return self.on_body(self._caster.first_hits(origin, directions))

    def on_body(self, hits: Hits) -> Hits:
        """Hits of ``caster`` with those on drapes replaced by the nearest points of bodies."""
        if not self._worn:
            return hits
        mesh, face, weights = hits.mesh.copy(), hits.face.copy(), hits.weights.copy()
        for position, (owner, drape) in self._worn:
            here = np.flatnonzero(hits.mesh == position)
            if not len(here):
                continue
            corners = drape.vertices[drape.faces[hits.face[here]]]
            points = barycentric_mean(corners, hits.weights[here])
            face[here], weights[here] = self._nearest(owner, drape.parts, drape.heights)(points)
            mesh[here] = owner
        return dataclasses.replace(hits, mesh=mesh, face=face, weights=weights)
