"""COCO keypoints of rendered people, with visibility decided by rays."""

from __future__ import annotations

import numpy as np

from .body_mesh import BodyMesh
from .camera import Camera
from .ray_caster import FirstHits

OUTSIDE, OCCLUDED, VISIBLE = 0, 1, 2
"""COCO's visibility flags: not labelled, labelled but hidden, visible."""

_HEAD = (23, 24)
_TORSO = (1, 2)
# Fine parts that may be seen in front of a joint of the left side, and how far the joint may lie
# below them, metres: a joint is inside the body, and what is nearer to the camera than this is some
# other limb or the far side of the body.
_LEFT = {
    "shoulder": (_TORSO + (15, 17), 0.14),
    "elbow": ((15, 17, 19, 21), 0.08),
    "wrist": ((19, 21, 4), 0.06),
    "hip": (_TORSO + (8, 10), 0.18),
    "knee": ((8, 10, 12, 14), 0.1),
    "ankle": ((12, 14, 5), 0.09),
}
_RIGHT_OF = {15: 16, 17: 18, 19: 20, 21: 22, 4: 3, 8: 7, 10: 9, 12: 11, 14: 13, 5: 6, 1: 1, 2: 2}
# The ear is at its canal, which seen from the front has the cheek before it.
_NOSE_SKIN_M, _EYE_SKIN_M, _EAR_SKIN_M = 0.035, 0.03, 0.08


def _allowed_parts() -> tuple[np.ndarray, np.ndarray]:
    """(17, 25) boolean table of parts that may cover each keypoint, and (17,) depths, metres."""
    skin = (_NOSE_SKIN_M,) + 2 * (_EYE_SKIN_M,) + 2 * (_EAR_SKIN_M,)
    entries: list[tuple[tuple[int, ...], float]] = [(_HEAD, depth) for depth in skin]
    for parts, depth in _LEFT.values():
        entries.append((parts, depth))
        entries.append((tuple(_RIGHT_OF[p] for p in parts), depth))
    table = np.zeros((len(entries), 25), dtype=bool)
    for row, (parts, _) in enumerate(entries):
        table[row, list(parts)] = True
    return table, np.array([depth for _, depth in entries])


_ALLOWED, _DEPTH_M = _allowed_parts()


def keypoint_visibility(
    keypoints: np.ndarray,
    person: int,
    camera: Camera,
    caster: FirstHits,
    mesh: BodyMesh,
    scale: float = 1.0,
) -> np.ndarray:
    """COCO's visibility of one person's keypoints.

    A keypoint outside the image (or behind the camera) is `OUTSIDE`. Otherwise a ray goes through
    it: it is `VISIBLE` if nothing is hit before it, or if the first hit is on a part of the same
    person that covers this joint and is at most a body's thickness before it; else `OCCLUDED`.

    Args:
        keypoints: (17, 3) world, metres.
        person: the person's mesh in ``caster``.
        camera: the camera.
        caster: the scene's.
        mesh: the people's mesh.
        scale: the person's size relative to an adult; scales the thicknesses.

    Returns:
        (17,) int64 of `OUTSIDE`, `OCCLUDED`, `VISIBLE`.
    """
    depth = camera.to_camera(keypoints)[:, 2]
    in_front = depth > 0.05
    image = camera.project(np.where(in_front[:, None], keypoints, camera.centre + camera.R[2]))
    inside = in_front & (image >= 0).all(1) & (image < [camera.width, camera.height]).all(1)
    # Directions end at the keypoints, so that distances are shares of the way there.
    hits = caster.first_hits(camera.centre, keypoints - camera.centre)
    way = np.linalg.norm(keypoints - camera.centre, axis=1)
    before_m = np.where(np.isfinite(hits.distance), (1 - hits.distance) * way, -np.inf)
    part = np.where(hits.mesh == person, mesh.face_part[hits.face], 0)
    covered = _ALLOWED[np.arange(len(keypoints)), part] & (before_m <= _DEPTH_M * scale)
    seen = (before_m < 0.005) | covered
    return np.where(inside, np.where(seen, VISIBLE, OCCLUDED), OUTSIDE)
