"""Surface files: their arrays, the table of distances beside them, remedies for a bad one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..archives import ArchiveError, PickledArrayError, open_npz
from ..errors import FieldError, UserError
from .distances_on_disk import DistancesOnDisk
from .paths import SMPL_SURFACE_FILE_NAME, SURFACE_FILE_NAME

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

TABLE_FILE = "geodesic_file"
"""Entry of a surface file that stands for `geodesic_m`: the name of the file that holds it."""


class SurfaceFileError(UserError, ValueError):
    """A surface file that cannot be used. The message names the file, what is wrong, the remedy."""


class SurfaceFieldError(FieldError):
    """A field of a surface that breaks its contract."""


def remedies(path: Path) -> tuple[str, str]:
    """What to do where a surface file is missing, and where it is damaged."""
    remedies = _REMEDIES.get(path.name, _REMEDIES_OF_OTHERS)
    if_missing, if_damaged = (remedy.format(path=path) for remedy in remedies)
    return if_missing, if_damaged


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an ``.npz``, without pickle.

    Raises:
        SurfaceFieldError: one of them is not a plain array.
        ArchiveError: the archive is damaged.
        OSError: the file cannot be read.
    """
    arrays = {}
    with open_npz(path) as archive:
        for key in archive:
            try:
                arrays[key] = archive[key]
            except PickledArrayError as error:
                raise SurfaceFieldError(key, "is not a plain array") from error
    return arrays


def read_text(arrays: dict[str, np.ndarray], key: str) -> str:
    """The text of an entry that holds one string.

    Raises:
        SurfaceFieldError: the entry holds something else.
    """
    if arrays[key].dtype.kind != "U" or arrays[key].ndim != 0:
        raise SurfaceFieldError(key, "must be one text")
    return str(arrays[key])


def table_on_disk(name: str, folder: Path) -> DistancesOnDisk:
    """The distances in a file of their own beside the surface file.

    Args:
        name: of the file, without a folder. folder: of the surface file.

    Raises:
        SurfaceFieldError: the name leads elsewhere, or the file is missing or unusable.
    """
    if Path(name).name != name:
        raise SurfaceFieldError(TABLE_FILE, f"is {name!r}, not the name of a file beside this one")
    try:
        return DistancesOnDisk(folder / name)
    except FileNotFoundError as error:
        raise SurfaceFieldError(
            TABLE_FILE, f"names {name}, which is missing; it moves with the surface file"
        ) from error
    except (OSError, ValueError) as error:
        raise SurfaceFieldError(TABLE_FILE, f"names {name}, which is unusable: {error}") from error


def is_mirror_symmetric(path: str | os.PathLike[str]) -> bool:
    """Whether a surface file has a mirror, without reading the rest of it.

    Raises:
        SurfaceFileError: the file cannot be read, or has no field `mirror`.
    """
    try:
        with open_npz(path) as archive:
            return bool(archive["mirror"].size)
    except (ArchiveError, OSError, KeyError) as error:
        raise SurfaceFileError(
            f"{path}: this is not a readable surface file ({error}); {remedies(Path(path))[1]}"
        ) from error
