"""DensePose's `Pdist_matrix.pkl`: the distances between all vertices of the subdivided SMPL.

A dictionary with one array `Pdist_matrix`, (N (N - 1) / 2, 1) float32 metres for N = 27 554. Its
order is that of `condensed_index`: DensePose's evaluator counts i, j and the entries from the end,
which cancels to i (i - 1) / 2 + j for i > j from 0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np

from ...restricted_pickle import load_arrays
from ..distances_on_disk import DistancesOnDisk
from .charted_mesh import SurfaceSourceError

_FIELD = "Pdist_matrix"
_BLOCK = 1 << 24


def convert_distance_pickle(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    num_vertices: int,
    progress: Callable[[int, int], object] | None = None,
) -> DistancesOnDisk:
    """Write the distances as a table that stays on disk, in half precision.

    The pickle is held in memory once, 1.5 GB for 27 554 vertices, and let go afterwards; one that
    spells its bytes as text, as protocols 0 to 2 of Python 3 do, takes two or three times that.
    Nothing that it asks for is run.

    Args:
        path: `Pdist_matrix.pkl`.
        out: the `.npy` to write.
        num_vertices: N.
        progress: called with the number of distances done since the last call, and their total.

    Raises:
        OSError: the file cannot be read.
        RestrictedPickleError: it holds anything but arrays, or is damaged.
        SurfaceSourceError: it has no such array, or of another number of vertices, or distances
            that are negative or not finite.
    """
    content = load_arrays(path)
    table = content.pop(_FIELD, None) if isinstance(content, dict) else None
    if not isinstance(table, np.ndarray) or table.dtype.kind != "f":
        raise SurfaceSourceError(f"{path}: has no array of distances '{_FIELD}'")
    expected = num_vertices * (num_vertices - 1) // 2
    if table.size != expected:
        raise SurfaceSourceError(
            f"{path}: '{_FIELD}' has {table.size} distances, expected {expected} for the"
            f" {num_vertices} vertices of the body"
        )
    table = table.reshape(-1)

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, expected, _BLOCK):
            yield table[start : start + _BLOCK]
            if progress is not None:
                progress(min(_BLOCK, expected - start), expected)

    try:
        return DistancesOnDisk.write(out, blocks(), expected)
    except ValueError as error:
        raise SurfaceSourceError(f"{path}: '{_FIELD}' {error}") from error
