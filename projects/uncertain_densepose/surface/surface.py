"""`Surface`: a body mesh with charts, a left/right mirror and geodesic distances, in one file.

A big table of distances lies in a second file beside it, and a file may hold charts alone, without
distances. Shapes: V vertices, F faces, K vertices of the geodesic table.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..archives import ArchiveError
from ..atomic_file import replacing
from ..errors import missing
from .distances_on_disk import DistancesOnDisk
from .geodesics import condensed_index
from .mirror import check_mirror
from .parts import NUM_PARTS
from .surface_file import (
    TABLE_FILE,
    SurfaceFieldError,
    SurfaceFileError,
    read_arrays,
    read_text,
    remedies,
    table_on_disk,
)

_FLOAT16_INFINITY_BITS = 0x7C00

_NO_DISTANCES_HINT = (
    "holds charts alone, without the geodesic distances that this needs; build the whole embedded "
    "body with `python tools/build_surface.py`, or import one of your own with "
    "`python tools/import_surface.py`"
)


@dataclasses.dataclass(frozen=True, eq=False)
class Surface:
    """A body surface in 24 charts, in the neutral body's rest pose.

    Attributes:
        name: identifies the surface in data sets and results.
        part_names: (25,) names, index 0 the background.
        vertices: (V, 3) float32, metres. z is up, the person faces -y, their left is +x.
        faces: (F, 3) int32 vertex indices, counter-clockwise seen from outside.
        face_part: (F,) uint8 chart of each face, 1..24.
        face_uv: (F, 3, 2) float32 chart coordinates of each face corner, in [0, 1]. Corners, not
            vertices, carry them because part borders and seams share vertices.
        mirror: (V,) int32 involution; ``vertices[mirror] == vertices * (-1, 1, 1)``. Empty (0,) for
            a surface that is not its own mirror image.
        geodesic_vertices: (K,) int32 vertices between which distances are tabulated.
        nearest_geodesic: (V,) int32, for each vertex the position in ``geodesic_vertices`` of the
            one nearest to it.
        geodesic_m: (K (K - 1) / 2,) float16, metres: the distance of subset members i > j is entry
            ``i (i - 1) / 2 + j`` (the lower triangle, row by row). `DistancesOnDisk` for a table
            that stays on disk.

    A surface of charts alone has no geodesic distances: the last three fields are empty (0,), see
    `has_distances`. Charts are all that prediction needs; what measures refuses it.

    With a mirror, charts of a left part carry the same ``uv`` as their right twin at mirrored
    vertices; the torso charts (1, 2) satisfy ``u' = 1 - u``. On the embedded body, (u, v) seen from
    outside is right-handed on the torso and on right parts, left-handed on left parts.
    """

    name: str
    part_names: tuple[str, ...]
    vertices: np.ndarray
    faces: np.ndarray
    face_part: np.ndarray
    face_uv: np.ndarray
    mirror: np.ndarray
    geodesic_vertices: np.ndarray
    nearest_geodesic: np.ndarray
    geodesic_m: np.ndarray | DistancesOnDisk

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Surface:
        """Read and validate a surface file.

        Args:
            path: an ``.npz`` written by `Surface.save`. A table in a file of its own is looked for
                in the same folder; its distances were checked when it was written.

        Raises:
            SurfaceFileError: the file is missing, truncated or no archive; a field is missing; or a
                field has the wrong type, shape, range or symmetry. The message names the file, the
                field and the remedy.
        """
        path = Path(path)
        if_missing, if_damaged = remedies(path)
        if not path.is_file():
            raise SurfaceFileError(missing(path, f"no such surface file; {if_missing}"))
        try:
            surface = _surface_from_arrays(read_arrays(path), path.parent)
            validate_fields(surface)
        except SurfaceFieldError as error:
            raise SurfaceFileError(f"{path}: {error}; {if_damaged}") from error
        except (ArchiveError, OSError) as error:
            raise SurfaceFileError(
                f"{path}: the file is unreadable, truncated or no .npz archive ({error}); "
                f"{if_damaged}"
            ) from error
        return surface

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the surface to ``path`` atomically: a reader sees the old file or the new one.

        A table of `DistancesOnDisk` stays where it is, and must lie in the same folder.

        Raises:
            SurfaceFieldError: the surface is not valid, and would not load.
        """
        validate_fields(self)
        path = Path(path)
        arrays = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        if isinstance(self.geodesic_m, DistancesOnDisk):
            table = arrays.pop("geodesic_m").path
            if table.parent != path.parent.absolute():
                raise SurfaceFieldError(
                    "geodesic_m", f"lies in {table}, which must be in the folder of {path}"
                )
            arrays[TABLE_FILE] = np.array(table.name)
        arrays["name"] = np.array(self.name)
        arrays["part_names"] = np.array(self.part_names)
        # A table hardly becomes smaller, and takes seconds to unpack; charts become half as big.
        write = np.savez if self.has_distances else np.savez_compressed
        with replacing(path) as temporary, temporary.open("wb") as file:
            write(file, **arrays)

    @property
    def has_distances(self) -> bool:
        """Whether geodesic distances can be measured; false for charts alone."""
        return len(self.geodesic_vertices) > 0

    def require_distances(self, path: str | os.PathLike[str] | None = None) -> None:
        """Refuse a surface of charts alone, before work on what has to be measured on it.

        Args:
            path: of its file, for the message, where it is known.

        Raises:
            SurfaceFileError: the surface has no geodesic distances.
        """
        if not self.has_distances:
            what = f"surface '{self.name}'" if path is None else f"{path}:"
            raise SurfaceFileError(f"{what} {_NO_DISTANCES_HINT}")

    def without_distances(self) -> Surface:
        """The charts alone."""
        return dataclasses.replace(
            self,
            geodesic_vertices=np.zeros(0, dtype=np.int32),
            nearest_geodesic=np.zeros(0, dtype=np.int32),
            geodesic_m=np.zeros(0, dtype=np.float16),
        )

    def geodesic_distance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Geodesic distance between vertices, through the nearest vertices of the table.

        Args:
            a, b: integer vertex indices of any shapes that broadcast together. A negative index
                stands for "nowhere on the surface" (what `ChartLookup.vertex` answers for the
                background): its distance to anything is infinite.

        Returns:
            float32 metres, of the broadcast shape; 0 where both have the same table vertex.

        Raises:
            SurfaceFileError: the surface has no geodesic distances.
        """
        self.require_distances()
        a, b = np.broadcast_arrays(np.asarray(a), np.asarray(b))
        distance = np.full(a.shape, np.inf, dtype=np.float32)
        valid = (a >= 0) & (b >= 0)
        i = self.nearest_geodesic[a[valid]].astype(np.int64)
        j = self.nearest_geodesic[b[valid]].astype(np.int64)
        found = np.zeros(i.shape, dtype=np.float32)
        apart = i != j
        found[apart] = self.geodesic_m[condensed_index(i[apart], j[apart])]
        distance[valid] = found
        return distance

    def chart_jacobian(self) -> np.ndarray:
        """Derivative of the position on the neutral body with respect to (u, v), face by face.

        With edge matrices E (3x2, metres) and D (2x2, chart units) of a face, J = E D^-1; where a
        face is degenerate in its chart, the pseudo-inverse.

        Returns:
            (F, 3, 2) float32, metres per chart unit.
        """
        corners = self.vertices[self.faces].astype(np.float64)
        uv = self.face_uv.astype(np.float64)
        edges = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=-1)
        uv_edges = np.stack([uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]], axis=-1)
        jacobian: np.ndarray = edges @ np.linalg.pinv(uv_edges, rcond=1e-7)
        return jacobian.astype(np.float32)


def _surface_from_arrays(arrays: dict[str, np.ndarray], folder: Path) -> Surface:
    fields: dict[str, Any] = dict(arrays)
    if TABLE_FILE in arrays:
        fields["geodesic_m"] = table_on_disk(read_text(arrays, TABLE_FILE), folder)
    names = [field.name for field in dataclasses.fields(Surface)]
    for key in names:
        if key not in fields:
            raise SurfaceFieldError(key, "is missing")
    fields["name"] = read_text(arrays, "name")
    if arrays["part_names"].dtype.kind != "U" or arrays["part_names"].ndim != 1:
        raise SurfaceFieldError("part_names", "must be text with 1 dimension")
    fields["part_names"] = tuple(str(name) for name in arrays["part_names"])
    return Surface(**{key: fields[key] for key in names})


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
        check_mirror(
            surface.mirror, surface.vertices, surface.faces, surface.face_part, surface.face_uv
        )


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
