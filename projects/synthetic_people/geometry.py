"""Small mesh geometry: normals, rigid motion. Arrays are numpy; lengths are metres."""

from __future__ import annotations

import numpy as np


def face_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals (F, 3) of counter-clockwise faces, of length twice the face's area."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    ux, uy, uz = (b - a).T
    vx, vy, vz = (c - a).T
    return np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], axis=1)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (V, 3) float32: the area-weighted mean of the faces around each vertex."""
    return mean_of_faces(face_normals(vertices, faces), faces, len(vertices))


def mean_of_faces(per_face: np.ndarray, faces: np.ndarray, num_vertices: int) -> np.ndarray:
    """Unit vectors (V, 3) float32 along the sum of the (F, 3) vectors of the faces around."""
    corners = faces.T.ravel()
    total = np.stack(
        [
            np.bincount(corners, np.tile(per_face[:, axis], 3), minlength=num_vertices)
            for axis in range(3)
        ],
        axis=1,
    )
    return normalised(total).astype(np.float32)


def normalised(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) vectors at unit length; zero vectors stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-12)


def rotation_about_z(radians: float) -> np.ndarray:
    """(3, 3) float64 rotation, counter-clockwise seen from above."""
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
