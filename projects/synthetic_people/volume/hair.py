"""Hair that leaves the skull: long hair that falls over neck and shoulders, buns and tails."""

from __future__ import annotations

import dataclasses

import numpy as np
import trimesh

from ..geometry import normalised
from ..textures import Colouring, SmoothField
from .drape import HEAD, Drape
from .figure import GRAVITY, Collider, Figure

_COLUMNS = 37
_STEP_M = 0.025
_TOP_M = 0.035
_STRAND_M = 0.0015
_PARTING_M = 0.08
_JUMP_M = 0.04


@dataclasses.dataclass(frozen=True, eq=False)
class HairCut:
    """Attributes:
    length_m: from the ears down at the back.
    spread_rad: half the angle around the head that it covers, from the back; it leaves the face.
    front_share: length of its foremost strands as a share of ``length_m``.
    volume_m: least distance from neck, shoulders and back.
    waves_m: depth of its waves.
    waves: field of the waves.
    """

    length_m: float
    spread_rad: float
    front_share: float
    volume_m: float
    waves_m: float
    waves: SmoothField


@dataclasses.dataclass(frozen=True, eq=False)
class HairMaterial:
    """Colour of hair, darker and lighter in strands that run down around the head.

    Attributes:
        colour: (3,) linear RGB.
        contrast: between strands.
        centre: (3,) of the head at rest, metres.
        strands: field over `along_strands`.
    """

    colour: np.ndarray
    contrast: float
    centre: np.ndarray
    strands: SmoothField

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) linear RGB at (N, 3) rest positions."""
        light = np.exp(self.contrast * self.strands(along_strands(points - self.centre)))
        return self.colour * light[:, None]


def along_strands(from_head: np.ndarray) -> np.ndarray:
    """(N, 3) coordinates that change fast around the head and slowly down the hair."""
    x, y, z = from_head.T
    flat = np.maximum(np.hypot(x, y), 1e-3)
    return np.stack([0.1 * x / flat, 0.1 * y / flat, 0.12 * z], axis=1).astype(np.float32)


def hang_hair(figure: Figure, cut: HairCut, material: Colouring, strands: SmoothField) -> Drape:
    """Long hair on a posed person: columns that start within the hair of the head, fall, and slide
    over whatever of the body is in their way.

    Args:
        figure: who wears it, with the hair of the head as a garment.
        cut: its shape.
        material, strands: looked up around the head at rest, see `HairMaterial`.
    """
    angles = np.linspace(-cut.spread_rad, cut.spread_rad, _COLUMNS)
    left, backwards, up = figure.head_axes
    outwards = np.cos(angles)[:, None] * backwards + np.sin(angles)[:, None] * left
    points = figure.head_centre + _TOP_M * up + _radius(figure, angles)[:, None] * outwards
    rest = figure.mesh.rest_coordinates
    solid = (rest[:, 2] > figure.mesh.landmarks["hip"][2]) & (
        rest[:, 3] < 0.2 * figure.mesh.arm_lengths[0]
    )
    collider = Collider(figure.outside[solid], figure.normals[solid])
    count = max(3, round((cut.length_m + _TOP_M) / _STEP_M))
    ends = cut.length_m * (1 - (1 - cut.front_share) * (np.abs(angles) / cut.spread_rad) ** 2)
    rows, free = [points], np.ones(_COLUMNS, dtype=bool)
    for row in range(1, count):
        # Near the head hair follows its tilt, then it hangs.
        tied = max(0.0, 1 - row * _STEP_M / 0.12)
        down = normalised(tied * -up + (1 - tied) * GRAVITY)
        step = np.where(row * _STEP_M - _TOP_M < ends, _STEP_M, 0.0)[:, None]
        clearance = min(0.004 + 0.15 * row * _STEP_M, cut.volume_m)
        fallen = points + step * down
        pushed = collider.push_out(fallen, clearance)
        # What would have to jump aside, over a raised arm, ends here.
        free &= np.linalg.norm(pushed - fallen, axis=1) < _JUMP_M
        points = np.where(free[:, None], pushed, points)
        rows.append(points)
    grid = np.array(rows)
    depth = np.linspace(0, 1, count)[:, None]
    pattern = figure.mesh.landmarks["head"] + np.stack(
        np.broadcast_arrays(0.1 * np.sin(angles), 0.1 * np.cos(angles), -0.03 * depth), axis=-1
    )
    waves = cut.waves(grid.reshape(-1, 3).astype(np.float32)).reshape(count, -1) * depth
    grid = grid + (cut.waves_m * np.abs(waves))[..., None] * outwards
    vertices, faces = grid.reshape(-1, 3), _sheet_faces(count, _COLUMNS)
    # Where a raised shoulder parts the hair, no sheet is stretched across.
    sides = np.linalg.norm(vertices[faces] - vertices[np.roll(faces, 1, axis=1)], axis=2)
    faces = faces[sides.max(axis=1) < _PARTING_M]
    return Drape.of_mesh(
        vertices, faces, pattern.reshape(-1, 3), material, HEAD, strands, _STRAND_M
    )  # fmt: skip


def tie_hair(
    figure: Figure,
    height_m: float,
    size_m: np.ndarray,
    material: Colouring,
    strands: SmoothField,
) -> Drape:
    """A bun, or a short tail, at the back of the head.

    Args:
        figure: who wears it.
        height_m: above the ears.
        size_m: (3,) half its width, depth and height.
        material, strands: as for `hang_hair`.
    """
    shape = trimesh.creation.icosphere(subdivisions=2)
    left, backwards, up = figure.head_axes
    behind = _radius(figure, np.zeros(1), height_m)[0]
    centre = figure.head_centre + height_m * up + (behind + 0.5 * size_m[1]) * backwards
    centre = centre + 0.6 * min(size_m[2] - size_m[0], 0.2) * -up
    local = np.asarray(shape.vertices) * size_m
    vertices = centre + local @ figure.head_axes
    pattern = figure.mesh.landmarks["head"] + local * np.array([1.0, 1.0, 0.1])
    return Drape.of_mesh(vertices, shape.faces, pattern, material, HEAD, strands, _STRAND_M)


def _radius(figure: Figure, angles: np.ndarray, height_m: float = _TOP_M) -> np.ndarray:
    """Radius of the head at angles from its back, metres, about the axis through the ears."""
    offset = (figure.outside - figure.head_centre) @ figure.head_axes.T
    near = (np.abs(offset[:, 2] - height_m) < 0.012) & (np.linalg.norm(offset, axis=1) < 0.3)
    x, y = offset[near, 0], offset[near, 1]
    turn, radius = np.arctan2(x, y), np.hypot(x, y)
    bins = np.round((turn + np.pi) / (2 * np.pi) * 36).astype(int) % 36
    largest = np.zeros(36)
    np.maximum.at(largest, bins, radius)
    known = np.flatnonzero(largest > 0)
    centres = known / 36 * 2 * np.pi - np.pi
    return np.interp(angles, centres, largest[known], period=2 * np.pi)


def _sheet_faces(rows: int, columns: int) -> np.ndarray:
    row, column = np.mgrid[: rows - 1, : columns - 1]
    a = (row * columns + column).ravel()
    b, c, d = a + 1, a + columns, a + columns + 1
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([b, d, c], axis=1)])
