"""The left/right symmetry of a mesh with charts."""

from __future__ import annotations

import numpy as np

from .parts import FLIP_PARTS, SELF_MIRRORED_PARTS
from .surface_file import SurfaceFieldError

_UV_TOLERANCE = 1e-5


def check_mirror(
    mirror: np.ndarray,
    vertices: np.ndarray,
    faces: np.ndarray,
    face_part: np.ndarray,
    face_uv: np.ndarray,
) -> None:
    """Check that charts and vertices are symmetric, as `Surface` promises of one with a mirror.

    Args:
        mirror, vertices, faces, face_part, face_uv: as in `Surface`.

    Raises:
        SurfaceFieldError: the first field that breaks the symmetry.
    """
    if not np.array_equal(mirror[mirror], np.arange(len(mirror))):
        raise SurfaceFieldError(
            "mirror", "is not an involution: mirrored twice, some vertex does not come back"
        )
    if not np.array_equal(vertices[mirror], vertices * np.array([-1, 1, 1], dtype=np.float32)):
        raise SurfaceFieldError("mirror", "does not map the vertices to their reflection")
    twin, corner = mirrored_faces(faces, mirror)
    flipped = FLIP_PARTS[face_part]
    if not np.array_equal(face_part[twin], flipped):
        raise SurfaceFieldError("face_part", "is not mirror-symmetric through the flip table")
    mirrored_uv = face_uv.copy()
    torso = np.isin(face_part, SELF_MIRRORED_PARTS)
    mirrored_uv[torso, :, 0] = 1 - mirrored_uv[torso, :, 0]
    twin_uv = np.take_along_axis(face_uv[twin], corner[:, :, None], axis=1)
    if np.abs(twin_uv - mirrored_uv).max() > _UV_TOLERANCE:
        raise SurfaceFieldError(
            "face_uv", "is not mirror-symmetric (left as right, torso with u' = 1 - u)"
        )


def mirrored_faces(faces: np.ndarray, mirror: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mirror image of each face.

    Args:
        faces: (F, 3) vertex indices.
        mirror: (V,) vertex involution.

    Returns:
        twin: (F,) index of the mirrored face.
        corner: (F, 3) for each corner of a face, the corner of its twin that mirrors it.

    Raises:
        SurfaceFieldError: the mirror image of a face is not a face.
    """
    images = mirror[faces]
    face_order = np.argsort(faces, axis=1)
    image_order = np.argsort(images, axis=1)
    face_keys = np.take_along_axis(faces, face_order, axis=1)
    image_keys = np.take_along_axis(images, image_order, axis=1)
    by_face = np.lexsort(face_keys.T)
    by_image = np.lexsort(image_keys.T)
    if not np.array_equal(face_keys[by_face], image_keys[by_image]):
        raise SurfaceFieldError("faces", "are not closed under the mirror")
    twin = np.empty(len(faces), dtype=np.int64)
    twin[by_image] = by_face
    image_rank = np.argsort(image_order, axis=1)
    corner = np.take_along_axis(face_order[twin], image_rank, axis=1)
    return twin, corner
