"""Cutting the neutral body into the 24 parts, exactly left/right symmetric, with smooth borders.

Heads, hands and feet are regions of anny's bundled segmentation. The rest is cut by planes through
the joints (hip, knee, shoulder, elbow) and by surfaces through the axes of the limbs and the trunk
(front/back, inner/outer); the mesh is split along them, so that borders are smooth lines up to the
snapping of `refinement.split_at_zero`. The border of head, hands and feet runs along mesh edges.
"""

from __future__ import annotations

from collections.abc import Callable

import igl
import numpy as np

from uncertain_densepose.surface.parts import FLIP_PARTS

from .refinement import PlacedMesh, split_at_zero, split_long_edges
from .topology import REGION_LABELS

Field = Callable[[np.ndarray], np.ndarray]

LONGEST_EDGE_M = 0.022
"""Trunk and limb edges above this are halved (once, then again)."""

# Region kinds, the intermediate result between anny's regions and the 24 parts.
_TORSO, _UPPER_LEG, _LOWER_LEG, _UPPER_ARM, _LOWER_ARM = range(5)

# Differences of squared distances below this are rounding.
_AS_NEAR_M2 = 1e-12

# (front or inner half, back or outer half) of the right side's kinds.
_HALVES = {_TORSO: (2, 1), _UPPER_LEG: (9, 7), _LOWER_LEG: (13, 11),
           _UPPER_ARM: (16, 18), _LOWER_ARM: (20, 22)}  # fmt: skip
_WHOLE = {"hand.R": 3, "foot.R": 6, "head": 23}

_PALM_DIRECTION = np.array([-0.75, 0.0, -0.66])
"""Where the palm and the inner side of the arm face on the neutral body's half x > 0."""

_GROIN_SLOPE = 0.6
"""Rise of the border between trunk and thigh per metre sideways, from crotch to hip bone."""


def segment(mesh: PlacedMesh, joints: dict[str, np.ndarray]) -> tuple[PlacedMesh, np.ndarray]:
    """Refine the mesh and assign each face to a part.

    Args:
        mesh: the neutral body, exactly symmetric.
        joints: (3,) positions in metres, on the half x > 0, of ``hip, knee, ankle, shoulder,
            elbow, wrist``.

    Returns:
        the refined mesh, and (F,) uint8 parts 1..24 of its faces.

    Raises:
        RuntimeError: the parts came out empty, disconnected or not symmetric, which means that the
            body is not the one that the cuts were made for.
    """
    body = REGION_LABELS.index("body")
    for _ in range(2):
        mesh = split_long_edges(mesh, (body,), LONGEST_EDGE_M)

    crotch = _crotch_height(mesh)
    is_leg, is_arm = _leg_zone(joints), _arm_zone(joints)
    hip, knee = _groin(crotch), _bend(joints, "hip", "knee", "ankle")
    shoulder, elbow = _shoulder(joints), _bend(joints, "shoulder", "elbow", "wrist")
    for zone, field in ((is_leg, hip), (is_leg, knee), (is_arm, shoulder), (is_arm, elbow)):
        mesh = _cut(mesh, zone, field, body)
    kind = _kinds(mesh, is_leg, is_arm, hip, knee, shoulder, elbow)
    halving = {
        _TORSO: _coronal(joints),
        _UPPER_LEG: _beside_axis(joints, ("hip", "knee", "ankle"), np.array([0.0, -1.0, 0.0])),
        _UPPER_ARM: _beside_axis(joints, ("shoulder", "elbow", "wrist"), _PALM_DIRECTION),
    }
    halving[_LOWER_LEG], halving[_LOWER_ARM] = halving[_UPPER_LEG], halving[_UPPER_ARM]
    for name, field in halving.items():
        values = field(_one_side(mesh.vertices))
        inside = (kind == name) & (mesh.topology.face_region == body)
        mesh, parent = split_at_zero(mesh, values, inside)
        kind = kind[parent]
    part = _parts(mesh, kind, halving, body)
    _check(mesh, part)
    return mesh, part


def _one_side(points: np.ndarray) -> np.ndarray:
    """Points with x replaced by |x|: fields of these agree exactly at mirrored points."""
    return np.concatenate([np.abs(points[:, :1]), points[:, 1:]], axis=1)


def _centres(mesh: PlacedMesh) -> np.ndarray:
    # Sorted, so that the three terms are added in the same order on both sides of the body.
    corners = np.sort(mesh.vertices[mesh.topology.faces], axis=1)
    return corners.mean(axis=1)


def _cut(mesh: PlacedMesh, zone: Field, field: Field, body: int) -> PlacedMesh:
    mask = (mesh.topology.face_region == body) & zone(_one_side(_centres(mesh)))
    return split_at_zero(mesh, field(_one_side(mesh.vertices)), mask)[0]


def _crotch_height(mesh: PlacedMesh) -> float:
    midline = mesh.vertices[mesh.vertices[:, 0] == 0]
    return float(midline[:, 2].min())


def _leg_zone(joints: dict[str, np.ndarray]) -> Field:
    top = joints["hip"][2] + 0.15
    return lambda p: (p[:, 2] < top) & (p[:, 0] < 0.8 * joints["elbow"][0])


def _arm_zone(joints: dict[str, np.ndarray]) -> Field:
    in_leg_zone = _leg_zone(joints)
    return lambda p: ~in_leg_zone(p) & (p[:, 0] > 0.8 * joints["shoulder"][0])


def _groin(crotch: float) -> Field:
    """Positive above the plane from just below the crotch up to the hip bone."""
    return lambda p: p[:, 2] - (crotch - 0.004 + _GROIN_SLOPE * p[:, 0])


def _bend(joints: dict[str, np.ndarray], above: str, at: str, below: str) -> Field:
    """Positive on the near side of the plane that halves the angle at a joint."""
    upper = joints[above] - joints[at]
    lower = joints[at] - joints[below]
    normal = upper / np.linalg.norm(upper) + lower / np.linalg.norm(lower)
    return lambda p: (p - joints[at]) @ normal


def _shoulder(joints: dict[str, np.ndarray]) -> Field:
    """Positive on the trunk's side of a steep plane through the shoulder joint."""
    return lambda p: -(p - joints["shoulder"]) @ np.array([1.0, 0.0, -0.15])


def _coronal(joints: dict[str, np.ndarray]) -> Field:
    """Positive in front of the surface through hips and shoulders."""
    heights = [joints["hip"][2], joints["shoulder"][2]]
    depths = [joints["hip"][1], joints["shoulder"][1]]
    return lambda p: np.interp(p[:, 2], heights, depths) - p[:, 1]


def _beside_axis(
    joints: dict[str, np.ndarray], names: tuple[str, str, str], direction: np.ndarray
) -> Field:
    """Positive where the offset from the nearest point of a limb's axis points to ``direction``."""
    a, b, c = (joints[name] for name in names)
    points = [a + 0.5 * (a - b), b, c + 0.5 * (c - b)]

    def field(p: np.ndarray) -> np.ndarray:
        offsets = []
        for start, stop in zip(points[:-1], points[1:], strict=True):
            axis = stop - start
            share = np.clip((p - start) @ axis / (axis @ axis), 0, 1)
            offsets.append(p - start - share[:, None] * axis)
        first, second = offsets
        # Vertices on the cut through b are as near to both axes: they take the second, whichever
        # way a processor rounds.
        nearer = (second**2).sum(axis=1) - (first**2).sum(axis=1) > _AS_NEAR_M2
        return np.where(nearer[:, None], first, second) @ direction

    return field


def _kinds(mesh, is_leg, is_arm, hip, knee, shoulder, elbow) -> np.ndarray:
    """Torso, upper leg, ... of each face, from the cuts' signs at its centre."""
    centres = _one_side(_centres(mesh))
    kind = np.full(len(centres), _TORSO)
    leg = is_leg(centres) & (hip(centres) < 0)
    arm = is_arm(centres) & (shoulder(centres) < 0)
    kind[leg] = np.where(knee(centres[leg]) > 0, _UPPER_LEG, _LOWER_LEG)
    kind[arm] = np.where(elbow(centres[arm]) > 0, _UPPER_ARM, _LOWER_ARM)
    return kind


def _parts(mesh: PlacedMesh, kind: np.ndarray, halving: dict[int, Field], body: int) -> np.ndarray:
    centres = _one_side(_centres(mesh))
    region = mesh.topology.face_region
    part = np.zeros(len(kind), dtype=np.uint8)
    for name, (front, back) in _HALVES.items():
        inside = (kind == name) & (region == body)
        part[inside] = np.where(halving[name](centres[inside]) > 0, front, back)
    for label, right_part in _WHOLE.items():
        left_label = label.replace(".R", ".L")
        inside = np.isin(region, [REGION_LABELS.index(label), REGION_LABELS.index(left_label)])
        part[inside] = right_part
    on_left = mesh.vertices[mesh.topology.faces][:, :, 0].sum(axis=1) > 0
    return np.where(on_left, FLIP_PARTS[part], part).astype(np.uint8)


def _check(mesh: PlacedMesh, part: np.ndarray) -> None:
    faces = mesh.topology.faces
    for index in range(1, 25):
        chosen = faces[part == index]
        if len(chosen) == 0:
            raise RuntimeError(f"segmentation left part {index} empty")
        local = np.unique(chosen, return_inverse=True)[1].reshape(-1, 3)
        pieces = igl.vertex_components(local).max() + 1
        if pieces != 1:
            raise RuntimeError(f"segmentation left part {index} in {pieces} pieces")
