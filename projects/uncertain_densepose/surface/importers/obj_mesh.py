"""A mesh file of your own, such as an `.obj`, and a list of the chart of each face."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ...archives import check_npy
from ...errors import missing
from ..parts import NUM_PARTS
from .charted_mesh import ChartedMesh, SurfaceSourceError, only_used_vertices, y_up_to_z_up

UP_AXES: dict[str, Callable[[np.ndarray], np.ndarray]] = {"y": y_up_to_z_up, "z": np.asarray}
"""How to turn a mesh upright: y up and facing +z, or z up and facing -y already."""


def read_obj_mesh(
    mesh: str | os.PathLike[str], parts: str | os.PathLike[str], up: str = "y", scale: float = 1.0
) -> ChartedMesh:
    """A mesh whose texture coordinates are chart coordinates.

    Args:
        mesh: of triangles with texture coordinates in [0, 1], in any format that trimesh reads with
            them. Faces share vertices, or have vertices at the same place, where they meet.
        parts: the chart 1..24 of each face in the file's order: a `.npy`, or text with one number a
            line.
        up: of `UP_AXES`.
        scale: metres per unit of the file.

    Raises:
        SurfaceSourceError: a file cannot be used, or the two do not belong together.
    """
    loaded = _load(mesh)
    texture = getattr(loaded.visual, "uv", None)
    if texture is None or len(texture) != len(loaded.vertices):
        raise SurfaceSourceError(f"{mesh}: has no texture coordinates, from which charts are made")
    faces = np.asarray(loaded.faces)
    part = _read_parts(parts)
    if len(part) != len(faces):
        raise SurfaceSourceError(
            f"{parts}: has {len(part)} charts, but {mesh} has {len(faces)} triangles: one each"
        )
    # Vertices are doubled where texture coordinates change; on the body they are one.
    places, place = np.unique(np.asarray(loaded.vertices), axis=0, return_inverse=True)
    vertices, body_faces = only_used_vertices(places, place.reshape(-1)[faces])
    return ChartedMesh(UP_AXES[up](vertices) * scale, body_faces, part, np.asarray(texture)[faces])


def read_body_vertices(
    path: str | os.PathLike[str], up: str = "y", scale: float = 1.0
) -> np.ndarray:
    """The vertices (V, 3) of a body in the file's order, metres, z up, facing -y.

    Args:
        path: a `.npy` (V, 3), or a mesh in any format that trimesh reads. The mesh must not
            have texture coordinates: trimesh doubles vertices where these change.
        up, scale: see :func:`read_obj_mesh`.

    Raises:
        SurfaceSourceError: the file cannot be used.
    """
    vertices = _load_array(path) if str(path).endswith(".npy") else _load(path).vertices
    vertices = np.asarray(vertices)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise SurfaceSourceError(f"{path}: has shape {vertices.shape}, expected (V, 3)")
    upright: np.ndarray = UP_AXES[up](vertices) * scale
    return upright


def _load(path: str | os.PathLike[str]) -> Any:
    try:
        import trimesh
    except ImportError as error:
        raise SurfaceSourceError(
            f"{path}: reading meshes needs trimesh: `pip install trimesh`"
        ) from error
    if not os.path.isfile(path):
        raise SurfaceSourceError(missing(path))
    try:
        loaded = trimesh.load(os.fspath(path), process=False, skip_materials=True)
    except (IndexError, KeyError, NotImplementedError, OSError, TypeError, ValueError) as error:
        raise SurfaceSourceError(f"{path}: trimesh cannot read it ({error})") from error
    if not isinstance(loaded, trimesh.Trimesh):
        raise SurfaceSourceError(f"{path}: has several meshes or materials, expected one mesh")
    return loaded


def _load_array(path: str | os.PathLike[str]) -> np.ndarray:
    try:
        check_npy(path)
        array: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise SurfaceSourceError(f"{path}: this is not a readable .npy array ({error})") from error
    return array


def _load_text(path: str | os.PathLike[str]) -> np.ndarray:
    with warnings.catch_warnings():
        # A file without numbers has none for the faces, as the caller says.
        warnings.simplefilter("ignore", UserWarning)
        return np.loadtxt(path, ndmin=1)


def _read_parts(path: str | os.PathLike[str]) -> np.ndarray:
    """(F,) int64 charts."""
    try:
        values = _load_array(path) if str(path).endswith(".npy") else _load_text(path)
    except (OSError, ValueError) as error:
        raise SurfaceSourceError(
            f"{path}: this is not a readable list of numbers ({error})"
        ) from error
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise SurfaceSourceError(f"{path}: is not a list of numbers, one per face")
    wrong = ~np.isin(values, np.arange(1, NUM_PARTS + 1))
    if wrong.any():
        raise SurfaceSourceError(
            f"{path}: entry {wrong.argmax() + 1} is {values[wrong.argmax()]:g}, expected a chart"
            f" 1..{NUM_PARTS}"
        )
    return values.astype(np.int64)
