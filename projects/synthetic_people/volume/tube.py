"""Skirts, loose shirts and the tails of coats: a tube of cloth around trunk and legs.

Rings lie in planes across an axis from the waist through the hips to between the knees, and
straight down from there. Each ring holds the convex hull of the clothed body near its plane: the
polygon that the hull's support function bounds, which no point of the body leaves. Cloth falls from
what pushes it out above: a ring's support is at least that of the ring above plus a flare.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from ..geometry import normalised
from ..textures import Pattern, SmoothField
from .drape import TRUNK_AND_LEGS, Drape
from .figure import GRAVITY, Figure

_ANGLES = 64
_RING_STEP_M = 0.03
_AXIS_PASSES = 12
_HAND_GAP_M = 0.008
_HAND_REACH_M = 0.06
_ARM_SHARE = 0.5
_SEAM_RINGS = 3
_TUCK_M = 0.004
_BEYOND_M = 0.05
_LAP_M, _LEG_M = 0.08, 0.4


@dataclasses.dataclass(frozen=True, eq=False)
class TubeCut:
    """How a tube is tailored.

    Attributes:
        top_z, hem_z: heights on the body at rest, metres.
        ease_m: least distance from the clothed body.
        flare: metres that the support grows by per metre down; negative tapers.
        folds: number of folds around the hem.
        fold_m: how deep they are at the hem.
        phase: of the folds, radians.
        opening_rad: half the angle that stays open in front; 0 for a closed tube.
    """

    top_z: float
    hem_z: float
    ease_m: float
    flare: float
    folds: int
    fold_m: float
    phase: float
    opening_rad: float = 0.0


def hang_tube(
    figure: Figure,
    cut: TubeCut,
    material: Pattern,
    relief: SmoothField,
    relief_m: float,
    worn: Sequence[Drape] = (),
) -> Drape:
    """The tube on a posed person.

    Args:
        figure: who wears it.
        cut: its shape.
        worn: tubes below it.
        material, relief, relief_m: see `Drape`.

    Raises:
        ValueError: the hem is not below the top.
    """
    if cut.hem_z >= cut.top_z:
        raise ValueError(f"the hem ({cut.hem_z:g} m) must be below the top ({cut.top_z:g} m)")
    count = max(3, int(np.ceil((cut.top_z - cut.hem_z) / _RING_STEP_M)) + 1)
    heights = np.linspace(cut.top_z, cut.hem_z, count)
    centres, frames, hanging = _rings(figure, heights)
    below = [drape.vertices for drape in worn if drape.parts == TRUNK_AND_LEGS]
    reach = _LAP_M + hanging * _LEG_M
    radii = _radii(figure, cut, heights, centres, frames, below, reach)
    angles = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    across = radii[..., None] * circle
    vertices = centres[:, None] + np.einsum("jkd,jdx->jkx", across, frames[:, :2])
    # The pattern goes on from that of the body at the top.
    rest = figure.mesh.rest_coordinates
    trunk = np.flatnonzero(figure.near_rest_height(cut.top_z, 0.03))
    nearest = trunk[cKDTree(figure.outside[trunk]).query(vertices[0])[1]]
    pattern = np.empty_like(vertices)
    pattern[..., :2], pattern[..., 2] = rest[nearest, :2], heights[:, None]
    faces = _grid_faces(count, cut.opening_rad, angles)
    covered = (cut.hem_z - _BEYOND_M, cut.top_z + _BEYOND_M)
    return Drape.of_mesh(
        vertices.reshape(-1, 3), faces, pattern.reshape(-1, 3), material, TRUNK_AND_LEGS,
        relief, relief_m, covered,
    )  # fmt: skip


def polar_radius(support: np.ndarray) -> np.ndarray:
    """Radius of the polygon of all points p with p . u(a) <= support(a), about the origin.

    Args:
        support: (..., K) positive, at K angles 2 pi k / K.

    Returns:
        (..., K) radii at the same angles.
    """
    count = support.shape[-1]
    apart = 2 * np.pi * np.subtract.outer(np.arange(count), np.arange(count)) / count
    cosine = np.cos(apart)
    reach = np.where(cosine > 0.05, 1 / np.maximum(cosine, 0.05), 1e9)
    return (np.asarray(support, np.float32)[..., None, :] * reach.astype(np.float32)).min(axis=-1)


def _rings(figure: Figure, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Centres (J, 3), frames (J, 3, 3) with rows left, backwards, along the axis upwards, and how
    much the cloth hangs: 1 from a standing person, 0 on a lap."""
    at = figure.mesh.landmarks
    hip, knee = figure.hips, (figure.keypoints[13] + figure.keypoints[14]) / 2
    waist = figure.outside[figure.near_rest_height(max(heights[0], at["hip"][2] + 0.05))].mean(0)
    hip_z, knee_z = at["hip"][2], at["knee"][2]
    leg = normalised(knee - hip)
    # A standing person's cloth hangs straight; a seated one's lies along the thighs.
    hanging = np.clip((leg @ GRAVITY - 0.5) / 0.4, 0.0, 1.0)
    leg = normalised(hanging * GRAVITY + (1 - hanging) * leg)
    fine = np.arange(heights[0], min(heights[-1], knee_z) - 0.3, -0.01)
    points = np.empty((len(fine), 3))
    above, thigh = fine >= hip_z, (fine < hip_z) & (fine >= knee_z)
    share = (fine[above] - hip_z) / max(heights[0] - hip_z, 0.05)
    points[above] = hip + share[:, None] * (waist - hip)
    points[thigh] = hip + (hip_z - fine[thigh])[:, None] * leg
    below = fine < knee_z
    points[below] = hip + (hip_z - knee_z) * leg + (knee_z - fine[below])[:, None] * GRAVITY
    for _ in range(_AXIS_PASSES):
        points[1:-1] = (points[:-2] + points[1:-1] + points[2:]) / 3
    up = -normalised(np.asarray(np.gradient(points, axis=0)))
    centres = np.stack([np.interp(-heights, -fine, points[:, d]) for d in range(3)], axis=1)
    up = normalised(np.stack([np.interp(-heights, -fine, up[:, d]) for d in range(3)], axis=1))
    left = figure.keypoints[11] - figure.keypoints[12]
    left = normalised(left - (up @ left)[:, None] * up)
    return centres, np.stack([left, np.cross(up, left), up], axis=1), float(hanging)


def _radii(figure, cut, heights, centres, frames, below, reach) -> np.ndarray:
    """(J, K) distances of the cloth from the axis."""
    rest = figure.mesh.rest_coordinates
    trunk = (rest[:, 3] < 0) & (rest[:, 2] < cut.top_z + 0.03) & (rest[:, 2] > cut.hem_z - 0.03)
    # Every other vertex: they are denser than the rings.
    body, body_z = figure.outside[trunk][::2], rest[trunk, 2][::2]
    arms = figure.outside[rest[:, 3] > _ARM_SHARE * figure.mesh.arm_lengths[0]][::4]
    angles = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    circle = np.stack([np.cos(angles), np.sin(angles)])
    step = (cut.top_z - cut.hem_z) / (len(heights) - 1)
    rings = list(zip(centres, frames, strict=True))
    # On a bent lap the ring's plane also meets parts of the body that it does not go around.
    around = [np.concatenate([body[np.abs(body_z - height) < reach], *below]) for height in heights]
    skin = np.array(
        [
            _outermost(around[j], *rings[j], angles, step)
            for j in range(min(_SEAM_RINGS, len(rings)))
        ]
    )
    hull = np.array(
        [_support(a, *ring, circle, step) for a, ring in zip(around, rings, strict=True)]
    )
    hull = np.maximum(hull, 0.02) + cut.ease_m
    support = hull.copy()
    for ring in range(1, len(support)):
        support[ring] = np.maximum(hull[ring], support[ring - 1] + cut.flare * step)
    depth = cut.fold_m * ((cut.top_z - heights) / (cut.top_z - cut.hem_z)) ** 1.5
    folds = 0.5 * depth[:, None] * (1 + np.cos(cut.folds * angles + cut.phase))
    room = np.array([_room(arms, *ring, angles) for ring in rings])
    radii = np.maximum(polar_radius(hull), np.minimum(polar_radius(support) + folds, room))
    # At its seam the tube comes out of the cloth above it.
    out = (np.arange(len(skin)) / _SEAM_RINGS)[:, None]
    radii[: len(skin)] = (1 - out) * skin + out * radii[: len(skin)]
    radii[0] -= _TUCK_M
    return radii


def _outermost(points, centre, frame, angles, step) -> np.ndarray:
    """(K,) distance from the axis of the farthest point in each direction, near the ring."""
    offset = (points - centre) @ frame.T
    x, y = offset[np.abs(offset[:, 2]) < step, :2].T
    if not len(x):
        return np.zeros(len(angles))
    count = len(angles) // 2
    bins = np.round(np.arctan2(y, x) / (2 * np.pi) * count).astype(int) % count
    farthest = np.zeros(count)
    np.maximum.at(farthest, bins, np.hypot(x, y))
    known = np.flatnonzero(farthest > 0)
    return np.interp(angles, known * 2 * np.pi / count, farthest[known], period=2 * np.pi)


def _support(points, centre, frame, circle, step) -> np.ndarray:
    """(K,) support, about the ring's centre, of the points within a step of its plane."""
    offset = (points - centre) @ frame.T
    near = offset[np.abs(offset[:, 2]) < 1.2 * step, :2]
    return (near @ circle).max(axis=0) if len(near) else np.zeros(circle.shape[1])


def _room(arms, centre, frame, angles) -> np.ndarray:
    """(K,) radius at which a hand or forearm beside the ring stops the cloth; inf elsewhere."""
    offset = (arms - centre) @ frame.T
    near = offset[np.abs(offset[:, 2]) < 0.03, :2]
    room = np.full(len(angles), np.inf)
    if not len(near):
        return room
    radius = np.linalg.norm(near, axis=1)
    turn = np.arctan2(near[:, 1], near[:, 0])
    apart = np.abs((angles[:, None] - turn + np.pi) % (2 * np.pi) - np.pi)
    beside = apart * radius < _HAND_REACH_M
    # Away from the hand the cloth comes out again, gently.
    reach = np.where(beside, radius - _HAND_GAP_M + (apart * radius) ** 2 / 0.1, np.inf)
    return reach.min(axis=1)


def _grid_faces(count: int, opening_rad: float, angles: np.ndarray) -> np.ndarray:
    row, column = np.mgrid[: count - 1, : len(angles)]
    following = (column + 1) % len(angles)
    a, b = row * len(angles) + column, row * len(angles) + following
    c, d = a + len(angles), b + len(angles)
    faces = np.stack([np.stack([a, c, b], -1), np.stack([b, c, d], -1)], axis=2)
    # Backwards is the second axis, so that the front is at -90 degrees.
    apart = np.abs((angles + np.pi / 2 + np.pi / len(angles) + np.pi) % (2 * np.pi) - np.pi)
    return faces[:, apart >= opening_rad].reshape(-1, 3)
