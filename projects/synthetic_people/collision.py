"""How deeply a posed body's limbs sink into the rest of it."""

from __future__ import annotations

import dataclasses

import numpy as np

from uncertain_densepose.surface import Surface

from .geometry import vertex_normals

# Fine parts: (what may sink in, what it may sink into). Upper arms always touch the trunk, and
# thighs each other, so they are not listed.
_TRUNK_AND_LEGS = (1, 2, 7, 8, 9, 10, 11, 12, 13, 14, 23, 24)
_PAIRS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((4, 19, 21), _TRUNK_AND_LEGS + (3, 20, 22)),
    ((3, 20, 22), _TRUNK_AND_LEGS + (4, 19, 21)),
    ((5, 12, 14), (6, 7, 9, 11, 13)),
)
_PROBES = 150
_OBSTACLES = 900


@dataclasses.dataclass(frozen=True, eq=False)
class CollisionModel:
    """Samples of the surface between which penetration is measured.

    Attributes:
        pairs: (probe vertices, obstacle vertices), int arrays of the surface's vertices.
    """

    faces: np.ndarray
    pairs: tuple[tuple[np.ndarray, np.ndarray], ...]

    @staticmethod
    def from_surface(surface: Surface) -> CollisionModel:
        """Choose evenly spread vertices of each part."""

        def vertices_of(parts: tuple[int, ...], count: int) -> np.ndarray:
            found = np.unique(surface.faces[np.isin(surface.face_part, parts)])
            return found[:: max(1, len(found) // count)]

        pairs = tuple(
            (vertices_of(probe, _PROBES), vertices_of(obstacle, _OBSTACLES))
            for probe, obstacle in _PAIRS
        )
        return CollisionModel(surface.faces, pairs)

    def penetration_m(self, vertices: np.ndarray, normals: np.ndarray | None = None) -> float:
        """Depth of the deepest probe below the surface that it should be outside of, metres.

        A probe's depth is its distance behind the tangent plane of the nearest obstacle vertex,
        counted where that vertex is within 12 cm; the error is of the order of the spacing of the
        samples, about a centimetre.

        Args:
            vertices: (V, 3) posed vertices of the surface, metres.
            normals: (V, 3) their outward unit normals; computed when left out.
        """
        if normals is None:
            normals = vertex_normals(vertices, self.faces)
        deepest = 0.0
        for probe, obstacle in self.pairs:
            p, q, n = vertices[probe], vertices[obstacle], normals[obstacle]
            squared = ((p**2).sum(1)[:, None] - 2 * p @ q.T) + (q**2).sum(1)[None]
            nearest = squared.argmin(axis=1)
            offset = p - q[nearest]
            depth = -(offset * n[nearest]).sum(axis=1)
            near = (offset**2).sum(axis=1) < 0.12**2
            deepest = max(deepest, float(np.max(depth, where=near, initial=0.0)))
        return deepest
