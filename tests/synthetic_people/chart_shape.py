"""What a chart does to the triangles of a surface."""

import numpy as np


def stretch(vertices: np.ndarray, faces: np.ndarray, face_uv: np.ndarray) -> np.ndarray:
    """Singular values of each face's map from the surface to its chart, (F, 2) descending.

    Args:
        vertices: (V, 3) metres.
        faces: (F, 3).
        face_uv: (F, 3, 2) plane coordinates of the corners.
    """
    corners = vertices[faces]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    x = np.linalg.norm(first, axis=1)
    along = (first * second).sum(axis=1) / x
    height = np.sqrt(np.maximum((second**2).sum(axis=1) - along**2, 1e-18))
    local = np.zeros((len(faces), 2, 2))
    local[:, 0, 0], local[:, 0, 1], local[:, 1, 1] = x, along, height
    plane = np.stack([face_uv[:, 1] - face_uv[:, 0], face_uv[:, 2] - face_uv[:, 0]], axis=-1)
    return np.linalg.svd(plane @ np.linalg.inv(local), compute_uv=False)


def signed_area(face_uv: np.ndarray) -> np.ndarray:
    """Signed area of (F, 3, 2) chart triangles, (F,); positive if counter-clockwise."""
    a, b, c = face_uv[:, 0], face_uv[:, 1], face_uv[:, 2]
    ab, ac = b - a, c - a
    return 0.5 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])
