"""Small mesh geometry: normals, rigid motion. Arrays are numpy; lengths are metres."""

from __future__ import annotations

import numpy as np


def face_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F, 3) outward normals of faces, of length twice the face's area (metres^2).

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3) vertex indices, counter-clockwise seen from outside.
    """
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    ux, uy, uz = (b - a).T
    vx, vy, vz = (c - a).T
    return np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], axis=1)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V, 3) float32 outward unit normals: area-weighted means over the faces around each vertex.

    Arguments as for `face_normals`.
    """
    return mean_of_faces(face_normals(vertices, faces), faces, len(vertices))


def mean_of_faces(per_face: np.ndarray, faces: np.ndarray, num_vertices: int) -> np.ndarray:
    """(V, 3) float32 unit vectors along the sums of a vector over the faces around each vertex.

    Args:
        per_face: (F, 3) a vector of each face, which may weigh it by its length.
        faces: (F, 3) vertex indices.
        num_vertices: V; a vertex without faces gets zeros.
    """
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


def cross_2d(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) z components of the cross products of (N, 2) vectors."""
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def barycentric_mean(corner_values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..., D) values at points of faces.

    Args:
        corner_values: (..., 3, D) values at the faces' corners.
        weights: (..., 3) barycentric coordinates.
    """
    a, b, c = (corner_values[..., k, :] * weights[..., k, None] for k in range(3))
    return a + b + c


def rotation_about_z(radians: float) -> np.ndarray:
    """(3, 3) float64 rotation, counter-clockwise seen from above."""
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
