"""What makes a `Surface` valid: types, shapes, ranges, and the left/right symmetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .distances_on_disk import DistancesOnDisk
from .parts import FLIP_PARTS, NUM_PARTS, SELF_MIRRORED_PARTS

if TYPE_CHECKING:
    from .surface import Surface

_FLOAT16_INFINITY_BITS = 0x7C00
_UV_TOLERANCE = 1e-5


class SurfaceFieldError(ValueError):
    """A field of a surface that breaks its contract.

    Attributes:
        field: the field's name.
    """

    def __init__(self, field: str, complaint: str):
        super().__init__(f"field '{field}' {complaint}")
        self.field = field


def validate_fields(surface: Surface) -> None:
    """Check every promise of `Surface`'s docstring.

    Raises:
        SurfaceFieldError: the first broken promise.
    """
    _check_shapes(surface)
    _check_indices(surface)
    if surface.has_distances:
        _check_table_indices(surface)
    _check_values(surface)
    if len(surface.mirror):
        _check_mirror(surface)


def _check_shapes(surface: Surface) -> None:
    num_vertices, num_faces = len(surface.vertices), len(surface.faces)
    num_table = len(surface.geodesic_vertices)
    expected = {
        "vertices": (np.float32, (num_vertices, 3)),
        "faces": (np.int32, (num_faces, 3)),
        "face_part": (np.uint8, (num_faces,)),
        "face_uv": (np.float32, (num_faces, 3, 2)),
        "mirror": (np.int32, (num_vertices if len(surface.mirror) else 0,)),
        "geodesic_vertices": (np.int32, (num_table,)),
        "nearest_geodesic": (np.int32, (num_vertices if num_table else 0,)),
        "geodesic_m": (np.float16, (num_table * (num_table - 1) // 2,)),
    }
    for field, (dtype, shape) in expected.items():
        array = getattr(surface, field)
        if array.dtype != dtype:
            raise SurfaceFieldError(field, f"has type {array.dtype}, expected {np.dtype(dtype)}")
        if array.shape != shape:
            raise SurfaceFieldError(field, f"has shape {array.shape}, expected {shape}")
    if len(surface.part_names) != NUM_PARTS + 1:
        raise SurfaceFieldError(
            "part_names", f"has {len(surface.part_names)} names, expected {NUM_PARTS + 1}"
        )
    for field in ("vertices", "faces"):
        if len(getattr(surface, field)) == 0:
            raise SurfaceFieldError(field, "is empty")


def _check_indices(surface: Surface) -> None:
    num_vertices = len(surface.vertices)
    limits = {
        "faces": (0, num_vertices - 1),
        "face_part": (1, NUM_PARTS),
    }
    if len(surface.mirror):
        limits["mirror"] = (0, num_vertices - 1)
    _check_limits(surface, limits)
    empty = np.setdiff1d(np.arange(1, NUM_PARTS + 1), surface.face_part)
    if len(empty):
        raise SurfaceFieldError("face_part", f"has no face of chart {empty.tolist()}")


def _check_table_indices(surface: Surface) -> None:
    num_table = len(surface.geodesic_vertices)
    _check_limits(
        surface,
        {
            "geodesic_vertices": (0, len(surface.vertices) - 1),
            "nearest_geodesic": (0, num_table - 1),
        },
    )
    if len(np.unique(surface.geodesic_vertices)) != num_table:
        raise SurfaceFieldError("geodesic_vertices", "names a vertex twice")
    own_position = surface.nearest_geodesic[surface.geodesic_vertices]
    if not np.array_equal(own_position, np.arange(num_table)):
        raise SurfaceFieldError(
            "nearest_geodesic", "does not map each vertex of the table to itself"
        )


def _check_limits(surface: Surface, limits: dict[str, tuple[int, int]]) -> None:
    for field, (low, high) in limits.items():
        array = getattr(surface, field)
        if array.min() < low or array.max() > high:
            raise SurfaceFieldError(
                field, f"has values {array.min()}..{array.max()}, expected {low}..{high}"
            )


def _check_values(surface: Surface) -> None:
    for field in ("vertices", "face_uv"):
        if not np.isfinite(getattr(surface, field)).all():
            raise SurfaceFieldError(field, "has values that are not finite")
    if surface.face_uv.min() < 0 or surface.face_uv.max() > 1:
        raise SurfaceFieldError(
            "face_uv",
            f"has values {surface.face_uv.min()}..{surface.face_uv.max()}, expected 0..1",
        )
    if isinstance(surface.geodesic_m, DistancesOnDisk):
        return  # Checked when it was written; reading it whole takes as long as evaluating.
    # The bit patterns of finite non-negative halves are exactly those below infinity's, so that one
    # pass over integers answers for both questions on a table of tens of millions of entries.
    bits = np.ascontiguousarray(surface.geodesic_m).view(np.uint16)
    if len(bits) and bits.max() >= _FLOAT16_INFINITY_BITS:
        raise SurfaceFieldError("geodesic_m", "has values that are negative or not finite")


def _check_mirror(surface: Surface) -> None:
    mirror, vertices = surface.mirror, surface.vertices
    if not np.array_equal(mirror[mirror], np.arange(len(mirror))):
        raise SurfaceFieldError("mirror", "is no involution")
    if not np.array_equal(vertices[mirror], vertices * np.array([-1, 1, 1], dtype=np.float32)):
        raise SurfaceFieldError("mirror", "does not map the vertices to their reflection")
    twin, corner = mirrored_faces(surface.faces, mirror)
    flipped = FLIP_PARTS[surface.face_part]
    if not np.array_equal(surface.face_part[twin], flipped):
        raise SurfaceFieldError("face_part", "is not mirror-symmetric through the flip table")
    mirrored_uv = surface.face_uv.copy()
    torso = np.isin(surface.face_part, SELF_MIRRORED_PARTS)
    mirrored_uv[torso, :, 0] = 1 - mirrored_uv[torso, :, 0]
    twin_uv = np.take_along_axis(surface.face_uv[twin], corner[:, :, None], axis=1)
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
