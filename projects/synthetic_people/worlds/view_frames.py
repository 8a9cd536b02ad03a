"""The six directions from which each coarse part is shown to annotators."""

from __future__ import annotations

import numpy as np

from uncertain_densepose.surface import FINE_TO_COARSE, Surface

from ..geometry import face_normals

NUM_VIEWS = 6
VIEW_NAMES = ("front", "back", "left side", "right side", "upper end", "lower end")
"""The sides are the person's; of the hands, front is the flat side that looks more to the front.
Views 2k and 2k + 1 are opposite."""

# Arms and legs are shown along and across their bone; hands besides square to the palm. For torso,
# feet and head the axes are the body's.
_HANDS = (2, 3)
_LIMBS = tuple(range(6, 14))


def coarse_centre(surface: Surface, coarse: int) -> np.ndarray:
    """(3,) the centroid of a coarse part's surface, metres."""
    centre, weight = _face_centres(surface, coarse)
    return weight @ centre


def view_axes(surface: Surface, coarse: int) -> np.ndarray:
    """The axes of the six views of a coarse part.

    Args:
        surface: in the neutral body's rest pose: z up, face towards -y, their left +x.
        coarse: 1..14.

    Returns:
        (6, 3, 3) views of `VIEW_NAMES` x (right, up, towards the viewer) x xyz, orthonormal.
    """
    front, up = _front_and_up(surface, coarse)
    left = np.cross(up, front)
    toward = (front, -front, left, -left, up, -up)
    # On the views from the ends the front is at the lower, and at the upper edge.
    upright = (up, up, up, up, -front, front)
    return np.stack(
        [np.stack([np.cross(u, t), u, t]) for u, t in zip(upright, toward, strict=True)]
    )


def _front_and_up(surface: Surface, coarse: int) -> tuple[np.ndarray, np.ndarray]:
    front, up = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    if coarse not in (*_HANDS, *_LIMBS):
        return front, up
    centre, weight = _face_centres(surface, coarse)
    offset = centre - weight @ centre
    _, axes = np.linalg.eigh((offset * weight[:, None]).T @ offset)
    along = axes[:, 2] * np.sign(axes[2, 2])
    if coarse in _HANDS:
        across = axes[:, 0]
    else:
        across = front - (front @ along) * along
    return across / np.linalg.norm(across) * np.sign(across @ front), along


def _face_centres(surface: Surface, coarse: int) -> tuple[np.ndarray, np.ndarray]:
    """(F, 3) centres of a coarse part's faces, metres, and (F,) their shares of its area."""
    faces = surface.faces[FINE_TO_COARSE[surface.face_part] == coarse]
    vertices = surface.vertices.astype(np.float64)
    area = np.linalg.norm(face_normals(vertices, faces), axis=1)
    return vertices[faces].mean(axis=1), area / area.sum()
