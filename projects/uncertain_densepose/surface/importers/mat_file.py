"""Reading `.mat` files of MATLAB 5, field by field, with errors that name both."""

from __future__ import annotations

import os

import numpy as np

from ...errors import missing
from ..mat5 import Mat5Error, read_mat5
from .charted_mesh import SurfaceSourceError


def read_mat_fields(path: str | os.PathLike[str], fields: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Some fields of a file by name, each an array (...) of finite numbers, squeezed.

    Raises:
        SurfaceSourceError: the file is missing or not of MATLAB 5, or a field is missing or not
            an array of finite numbers.
    """
    try:
        content = read_mat5(path, fields)
    except FileNotFoundError as error:
        raise SurfaceSourceError(missing(path)) from error
    except (Mat5Error, OSError) as error:
        raise SurfaceSourceError(
            f"{path}: this is not a readable .mat file of MATLAB 5 ({error})"
        ) from error
    for field in fields:
        if field not in content:
            raise SurfaceSourceError(f"{path}: field '{field}' is missing")
        if content[field].dtype.kind not in "biuf" or not np.isfinite(content[field]).all():
            raise SurfaceSourceError(f"{path}: field '{field}' is not an array of finite numbers")
    return {field: content[field].squeeze() for field in fields}


def triples(path: str | os.PathLike[str], field: str, array: np.ndarray) -> np.ndarray:
    """(N, 3) from an array that files hold either as (N, 3) or as (3, N).

    Raises:
        SurfaceSourceError: it has another shape.
    """
    if array.ndim != 2 or 3 not in array.shape:
        raise SurfaceSourceError(
            f"{path}: field '{field}' has shape {array.shape}, expected (N, 3)"
        )
    return array if array.shape[1] == 3 else array.T


def column(path: str | os.PathLike[str], field: str, array: np.ndarray, length: int) -> np.ndarray:
    """The array itself, (length,).

    Raises:
        SurfaceSourceError: it has another shape.
    """
    if array.shape != (length,):
        raise SurfaceSourceError(
            f"{path}: field '{field}' has shape {array.shape}, expected ({length},)"
        )
    return array


def from_one(path: str | os.PathLike[str], field: str, array: np.ndarray, count: int) -> np.ndarray:
    """MATLAB's indices 1..count (...) as int64 (...) from 0.

    They are stored in types as small as uint16, in which products of indices overflow.

    Raises:
        SurfaceSourceError: some entry is not one of 1..count.
    """
    in_range = (array >= 1) & (array <= count) & (array == np.floor(array))
    if array.size == 0 or not in_range.all():
        raise SurfaceSourceError(f"{path}: field '{field}' has entries outside 1..{count}")
    return array.astype(np.int64) - 1
