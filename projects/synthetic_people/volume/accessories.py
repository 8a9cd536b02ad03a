"""Glasses and brims, which belong to the head, and bags, which hide the person without a label."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import cast

import numpy as np
import trimesh

from ..clothes import Region
from ..geometry import face_normals, normalised
from ..props import Prop, make_prop
from ..textures import Colouring, SmoothField
from .drape import HEAD, Drape
from .figure import GRAVITY, Figure

_FLAT = SmoothField(np.zeros((1, 3), np.float32), np.zeros(1, np.float32))
_BRIM_ANGLES = 48
_RAISED_M = 0.2
_LENS_M = 0.024
_EYE_TO_LENS_M = 0.022


def wear_glasses(figure: Figure, frame: Colouring, lens: Colouring | None) -> list[Drape]:
    """Two rims and their temples, and dark lenses if ``lens`` is given, before the eyes."""
    axes, centre = figure.head_axes, figure.head_centre
    eyes = (figure.keypoints[[1, 2]] - centre) @ axes.T
    rims: list[trimesh.Trimesh] = []
    lenses: list[trimesh.Trimesh] = []
    for x, y, z in eyes:
        place = np.array([x, y - _EYE_TO_LENS_M, z])
        for part, made in zip(_rim_and_lens(), (rims, lenses), strict=True):
            vertices, faces = part
            made.append(trimesh.Trimesh(vertices + place, faces, process=False))
        outer = place + np.array([np.sign(x) * _LENS_M, 0.0, 0.008])
        temple = trimesh.creation.box([0.003, abs(outer[1]), 0.006])
        temple.apply_translation([np.sign(x) * 0.074, outer[1] / 2, outer[2]])
        rims.append(temple)
    bridge = trimesh.creation.box([abs(eyes[0, 0] - eyes[1, 0]) - 1.8 * _LENS_M, 0.003, 0.004])
    bridge.apply_translation(eyes.mean(axis=0) + [0.0, -_EYE_TO_LENS_M, 0.006])
    parts = [(_joined([*rims, bridge]), frame)]
    if lens is not None:
        parts.append((_joined(lenses), lens))
    return [
        Drape.of_mesh(
            centre + np.asarray(shape.vertices) @ axes, shape.faces, shape.vertices, material, HEAD,
            _FLAT, 0.0,
        )
        for shape, material in parts
    ]  # fmt: skip


@functools.cache
def _rim_and_lens() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Vertices, in the head's axes, and faces of a ring and of a disc."""
    ring = trimesh.creation.torus(_LENS_M, 0.0022, major_sections=20, minor_sections=5)
    disc = trimesh.creation.cylinder(radius=_LENS_M, height=0.002, sections=20)
    return tuple(
        (np.asarray(part.vertices)[:, [0, 2, 1]] * np.array([1.0, 1.0, 0.8]), part.faces)
        for part in (ring, disc)
    )


def wear_brim(
    figure: Figure, hat: Region, material: Colouring, width_m: float, droop: float, front_only: bool
) -> Drape:
    """The brim of a hat around the border of its region, or the peak of a cap.

    Args:
        figure: who wears it, with the hat as a garment.
        hat: region of the crown.
        material: of the hat.
        width_m: of the brim.
        droop: metres that it falls by per metre outwards.
        front_only: a peak instead of a brim all around.
    """
    faces = figure.mesh.faces
    inside = hat(figure.mesh.rest_coordinates)[faces].sum(axis=1)
    border = np.unique(faces[(inside > 0) & (inside < 3)])
    points = figure.outside[border]
    centre = points.mean(axis=0)
    up = np.linalg.svd(points - centre)[2][2]
    up = up * np.sign(up @ figure.head_axes[2])
    left = normalised(np.cross(figure.head_axes[1], up))
    axes = np.stack([left, np.cross(up, left), up])
    offset = (points - centre) @ axes.T
    angles = 2 * np.pi * np.arange(_BRIM_ANGLES) / _BRIM_ANGLES
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    radius = (offset[:, :2] @ circle.T).max(axis=0)
    reach = np.full(_BRIM_ANGLES, width_m)
    if front_only:
        apart = np.abs((angles + np.pi / 2 + np.pi) % (2 * np.pi) - np.pi)
        reach = width_m * np.sqrt(np.clip(1 - (apart / np.radians(75)) ** 2, 0.0, 1.0))
    rows = []
    for out in (-0.25, 0.0, 0.5, 1.0):
        local = np.empty((_BRIM_ANGLES, 3))
        local[:, :2] = (radius + out * reach)[:, None] * circle
        local[:, 2] = -droop * out * reach
        rows.append(local)
    local = np.concatenate(rows)
    row, column = np.mgrid[: len(rows) - 1, :_BRIM_ANGLES]
    a, b = row * _BRIM_ANGLES + column, row * _BRIM_ANGLES + (column + 1) % _BRIM_ANGLES
    c, d = a + _BRIM_ANGLES, b + _BRIM_ANGLES
    triangles = np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)
    # A peak has no width at the back.
    spread = np.linalg.norm(face_normals(local, triangles), axis=1) > 1e-9
    return Drape.of_mesh(
        centre + local @ axes, triangles[spread], local, material, HEAD, _FLAT, 0.0
    )  # fmt: skip


def carry_backpack(figure: Figure, rng: np.random.Generator) -> list[Prop]:
    """A rounded bag on the back; ``rng`` draws its size and material."""
    size = rng.uniform([0.12, 0.06, 0.17], [0.18, 0.13, 0.26])
    axes = figure.chest_axes
    middle = figure.shoulders - (0.02 + 0.8 * size[2]) * axes[2]
    place = _against(figure, middle + 0.05 * axes[1], axes[1], 0.7 * size[1])
    return [make_prop(rng, _rounded_box(size), place, axes.T)]


def carry_shoulder_bag(figure: Figure, rng: np.random.Generator, side: int) -> list[Prop]:
    """A bag at the hip of a ``side``, +1 for the left; ``rng`` draws its size and material."""
    size = rng.uniform([0.04, 0.1, 0.08], [0.08, 0.18, 0.15])
    axes = figure.chest_axes
    place = _against(figure, figure.hips + 0.06 * axes[2], side * axes[0], 0.8 * size[0])
    return [make_prop(rng, _rounded_box(size), place, axes.T)]


def carry_handbag(figure: Figure, rng: np.random.Generator, side: int) -> list[Prop]:
    """A bag that hangs from the hand of a ``side``, +1 for the left, unless that hand is raised;
    ``rng`` draws it."""
    size = rng.uniform([0.04, 0.1, 0.08], [0.08, 0.2, 0.17])
    elbow, wrist = figure.keypoints[[7, 9] if side > 0 else [8, 10]]
    if wrist[2] > figure.hips[2] + _RAISED_M:
        return []
    hand = wrist + 0.08 * normalised(wrist - elbow)
    box = _rounded_box(size)
    box.apply_translation([0.0, 0.0, -size[2] - 0.07])
    handle = trimesh.creation.torus(0.07, 0.006, major_sections=20, minor_sections=6)
    handle.vertices = np.asarray(handle.vertices)[:, [2, 0, 1]] - [0.0, 0.0, 0.07]
    backwards = normalised(figure.chest_axes[1] * [1.0, 1.0, 0.0])
    axes = np.stack([np.cross(backwards, -GRAVITY), backwards, -GRAVITY])
    return [make_prop(rng, _joined([box, handle]), hand, axes.T)]


def _against(figure, start, direction, half_m) -> np.ndarray:
    """A place from ``start`` along a direction where something half as deep touches the trunk."""
    rest = figure.mesh.rest_coordinates
    trunk = (rest[:, 3] < 0) & (rest[:, 2] > figure.mesh.landmarks["knee"][2])
    offset = figure.outside[trunk] - start
    along = offset @ direction
    beside = np.linalg.norm(offset - along[:, None] * direction, axis=1) < 0.1
    out = along[beside].max() if beside.any() else 0.0
    return start + (out + half_m) * direction


def _rounded_box(half: np.ndarray) -> trimesh.Trimesh:
    """A superellipsoid of half sizes ``half``, (3,) metres."""
    ball = trimesh.creation.icosphere(subdivisions=2)
    unit = np.asarray(ball.vertices)
    radius = (np.abs(unit) ** 5).sum(axis=1) ** (-1 / 5)
    return trimesh.Trimesh(unit * radius[:, None] * half, ball.faces, process=False)


def _joined(parts: Sequence[trimesh.Trimesh]) -> trimesh.Trimesh:
    return cast(trimesh.Trimesh, trimesh.util.concatenate(list(parts)))
