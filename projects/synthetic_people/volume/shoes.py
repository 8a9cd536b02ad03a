"""Shoes: a closed shell around each foot, so that no toes show.

Rings lie across the foot, from heel to toe; each is the convex hull of the foot near its plane.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from ..body_mesh import BodyMesh
from ..geometry import normalised
from ..textures import Colouring, SmoothField
from .drape import Drape
from .figure import Figure
from .tube import polar_radius

FEET = {"left": 5, "right": 6}
"""Fine part of each foot."""

_RINGS, _ANGLES = 14, 24
_EASE_M = 0.003
_CAP = 0.55


@dataclasses.dataclass(frozen=True, eq=False)
class ShoeMaterial:
    """An upper of one fabric on a sole of another colour.

    Attributes:
        upper: at pattern points.
        sole: (3,) linear RGB.
        sole_m: height of the sole's upper edge over the ground.
    """

    upper: Colouring
    sole: np.ndarray
    sole_m: float

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) linear RGB at (N, 3) points of the foot: across, along, height; metres."""
        return np.where(points[:, 2:] < self.sole_m, self.sole, self.upper(points))


def wear_shoe(figure: Figure, side: str, material: ShoeMaterial, relief: SmoothField) -> Drape:
    """The shoe of a ``side``, ``left`` or ``right``, around the foot as its garment leaves it.

    Raises:
        KeyError: another side.
    """
    mesh, part = figure.mesh, FEET[side]
    vertices = _vertices_of(mesh, part)
    foot, rest_y = figure.outside[vertices], mesh.rest_coordinates[vertices, 1]
    heel = foot[rest_y >= np.quantile(rest_y, 0.85)].mean(axis=0)
    toe = foot[rest_y <= np.quantile(rest_y, 0.15)].mean(axis=0)
    forwards = normalised(toe - heel)
    rest_z = mesh.rest_coordinates[vertices, 2]
    top = foot[rest_z >= np.quantile(rest_z, 0.9)].mean(axis=0)
    up = top - foot.mean(axis=0)
    up = normalised(up - (up @ forwards) * forwards)
    axes = np.stack([np.cross(forwards, up), up, forwards])
    local = foot @ axes.T
    low, high = local[:, 2].min() - _EASE_M, local[:, 2].max() + _EASE_M
    along = np.linspace(low, high, _RINGS)
    angles = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    circle = np.stack([np.cos(angles), np.sin(angles)])
    step = along[1] - along[0]
    middles, supports = np.empty((_RINGS, 2)), np.empty((_RINGS, _ANGLES))
    for ring, place in enumerate(along):
        near = local[np.abs(local[:, 2] - place) < 0.9 * step, :2]
        middles[ring] = (near.min(axis=0) + near.max(axis=0)) / 2
        supports[ring] = ((near - middles[ring]) @ circle).max(axis=0) + _EASE_M
    rings = middles[:, None] + polar_radius(supports)[..., None] * circle.T
    for end in (0, -1):
        rings[end] = rings[end].mean(axis=0) + _CAP * (rings[end] - rings[end].mean(axis=0))
    shell = np.concatenate([rings, np.broadcast_to(along[:, None, None], (_RINGS, _ANGLES, 1))], 2)
    tips = np.concatenate([shell[[0]].mean(axis=1), shell[[-1]].mean(axis=1)])
    points = np.concatenate([shell.reshape(-1, 3), tips])
    pattern = np.stack([points[:, 0], points[:, 2] - low, points[:, 1] - local[:, 1].min()], axis=1)
    return Drape.of_mesh(points @ axes, _closed_faces(), pattern, material, (part,), relief, 0.0)


@functools.lru_cache(maxsize=4)
def _vertices_of(mesh: BodyMesh, part: int) -> np.ndarray:
    return np.unique(mesh.faces[mesh.face_part == part])


@functools.cache
def _closed_faces() -> np.ndarray:
    """Faces between the rings and over both ends."""
    row, column = np.mgrid[: _RINGS - 1, :_ANGLES]
    a, b = row * _ANGLES + column, row * _ANGLES + (column + 1) % _ANGLES
    c, d = a + _ANGLES, b + _ANGLES
    faces = [np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)]
    around = np.arange(_ANGLES)
    following = (around + 1) % _ANGLES
    last, heel, toe = (_RINGS - 1) * _ANGLES, _RINGS * _ANGLES, _RINGS * _ANGLES + 1
    faces.append(np.stack([around, following, np.full(_ANGLES, heel)], axis=1))
    faces.append(np.stack([last + following, last + around, np.full(_ANGLES, toe)], axis=1))
    return np.concatenate(faces)
