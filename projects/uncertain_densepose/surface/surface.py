"""`Surface`: a body mesh with charts, a left/right mirror and geodesic distances, in one file.

A big table of distances lies in a second file beside it, and a file may hold charts alone, without
distances. Shapes: V vertices, F faces, K vertices of the geodesic table.
"""

from __future__ import annotations

import dataclasses
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ..atomic_file import replacing
from .distances_on_disk import DistancesOnDisk
from .geodesics import condensed_index
from .parts import FLIP_PARTS, SELF_MIRRORED_PARTS
from .paths import SMPL_SURFACE_FILE_NAME, SURFACE_FILE_NAME
from .validation import SurfaceFieldError, validate_fields

_REMEDIES = {
    SURFACE_FILE_NAME: (
        "build the embedded body with `python tools/build_surface.py --out {path}`",
        "rebuild the embedded body with `python tools/build_surface.py --force --out {path}`",
    ),
    SMPL_SURFACE_FILE_NAME: (
        "import it from DensePose's SMPL files, see `python tools/import_surface.py smpl --help`",
        "import it anew from DensePose's SMPL files, see "
        "`python tools/import_surface.py smpl --help`",
    ),
}
"""By a file's name, what to do where it is missing, and where it is damaged."""

_REMEDIES_OF_OTHERS = (
    "check the path, or import a surface, see `python tools/import_surface.py --help`",
    "import the surface anew, see `python tools/import_surface.py --help`",
)

_NO_DISTANCES_HINT = (
    "holds charts alone, without the geodesic distances that this needs; build the whole embedded "
    "body with `python tools/build_surface.py`, or import one of your own with "
    "`python tools/import_surface.py`"
)

_TABLE_FILE = "geodesic_file"
"""Entry of a surface file that stands for `geodesic_m`: the name of the file that holds it."""


class SurfaceFileError(ValueError):
    """A surface file that cannot be used. The message names the file, what is wrong, the remedy."""


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
    def load(path: str | os.PathLike) -> Surface:
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
        if_missing, if_damaged = _remedies(path)
        if not path.is_file():
            raise SurfaceFileError(f"{path}: no such surface file; {if_missing}")
        try:
            surface = _surface_from_arrays(_read_arrays(path), path.parent)
            validate_fields(surface)
        except SurfaceFieldError as error:
            raise SurfaceFileError(f"{path}: {error}; {if_damaged}") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
            raise SurfaceFileError(
                f"{path}: the file is unreadable, truncated or no .npz archive ({error}); "
                f"{if_damaged}"
            ) from error
        return surface

    def save(self, path: str | os.PathLike) -> None:
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
            arrays[_TABLE_FILE] = np.array(table.name)
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

    def require_distances(self, path: str | os.PathLike | None = None) -> None:
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
        return (edges @ np.linalg.pinv(uv_edges, rcond=1e-7)).astype(np.float32)

    def mirror_uv(self, part: np.ndarray, uv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chart coordinates of the same points on the mirrored person.

        Args:
            part: (...) integer parts, 0..24.
            uv: (..., 2) chart coordinates.

        Returns:
            the mirrored parts, of ``part``'s type, and the mirrored coordinates, of ``uv``'s type.

        Raises:
            ValueError: the surface has no mirror.
        """
        if not len(self.mirror):
            raise ValueError(f"surface '{self.name}' is not its own mirror image")
        part = np.asarray(part)
        mirrored_uv = np.array(uv, copy=True)
        on_torso = np.isin(part, SELF_MIRRORED_PARTS)
        mirrored_uv[..., 0] = np.where(on_torso, 1 - mirrored_uv[..., 0], mirrored_uv[..., 0])
        return FLIP_PARTS[part].astype(part.dtype), mirrored_uv


def _remedies(path: Path) -> tuple[str, str]:
    """What to do where a surface file is missing, and where it is damaged."""
    remedies = _REMEDIES.get(path.name, _REMEDIES_OF_OTHERS)
    if_missing, if_damaged = (remedy.format(path=path) for remedy in remedies)
    return if_missing, if_damaged


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an ``.npz``, without pickle.

    Raises:
        SurfaceFieldError: one of them is no plain array.
        zipfile.BadZipFile, zlib.error, OSError, EOFError: the archive is damaged.
    """
    if not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile("the archive's directory is missing")
    arrays = {}
    with np.load(path, allow_pickle=False) as archive:
        for key in archive.files:
            try:
                arrays[key] = archive[key]
            except ValueError as error:
                raise SurfaceFieldError(key, f"is no plain array ({error})") from error
    return arrays


def _surface_from_arrays(arrays: dict[str, np.ndarray], folder: Path) -> Surface:
    if _TABLE_FILE in arrays:
        arrays["geodesic_m"] = _table_on_disk(_text(arrays, _TABLE_FILE), folder)
    names = [field.name for field in dataclasses.fields(Surface)]
    for key in names:
        if key not in arrays:
            raise SurfaceFieldError(key, "is missing")
    fields = {key: arrays[key] for key in names}
    fields["name"] = _text(arrays, "name")
    if arrays["part_names"].dtype.kind != "U" or arrays["part_names"].ndim != 1:
        raise SurfaceFieldError("part_names", "must be text with 1 dimension")
    fields["part_names"] = tuple(str(name) for name in arrays["part_names"])
    return Surface(**fields)


def _text(arrays: dict[str, np.ndarray], key: str) -> str:
    if arrays[key].dtype.kind != "U" or arrays[key].ndim != 0:
        raise SurfaceFieldError(key, "must be one text")
    return str(arrays[key])


def _table_on_disk(name: str, folder: Path) -> DistancesOnDisk:
    if Path(name).name != name:
        raise SurfaceFieldError(_TABLE_FILE, f"is {name!r}, not the name of a file beside this one")
    try:
        return DistancesOnDisk(folder / name)
    except FileNotFoundError as error:
        raise SurfaceFieldError(
            _TABLE_FILE, f"names {name}, which is missing; it moves with the surface file"
        ) from error
    except (OSError, ValueError) as error:
        raise SurfaceFieldError(_TABLE_FILE, f"names {name}, which is unusable: {error}") from error


def is_mirror_symmetric(path: str | os.PathLike) -> bool:
    """Whether a surface file has a mirror, without reading the rest of it.

    Raises:
        SurfaceFileError: the file cannot be read, or has no field `mirror`.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive["mirror"].size > 0
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, ValueError) as error:
        raise SurfaceFileError(f"{path}: no readable surface file ({error})") from error
