"""Files of the form of DensePose's assets, written from a surface of our own."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from scipy.io import savemat

from uncertain_densepose.surface import Surface


def chart_vertices(surface: Surface) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Body vertex, chart and coordinates of each chart vertex, and faces in chart vertices.

    Returns:
        body_vertex (N,), part (N,), uv (N, 2) and faces (F, 3), all from 0.
    """
    part = np.repeat(surface.face_part, 3).astype(np.int64)
    key = np.stack([part, surface.faces.ravel()], axis=1)
    unique, first, number = np.unique(key, axis=0, return_index=True, return_inverse=True)
    uv = surface.face_uv.reshape(-1, 2)[first].astype(np.float64)
    return unique[:, 1], unique[:, 0], uv, number.reshape(-1, 3)


def y_up(vertices: np.ndarray) -> np.ndarray:
    """(V, 3) positions as SMPL has them: y up, facing +z."""
    x, y, z = vertices.T.astype(np.float64)
    return np.stack([x, z, -y], axis=1)


def write_uv_processed(path: Path, surface: Surface, **changes) -> Path:
    """`UV_Processed.mat`, with the shapes and types of the real one."""
    body_vertex, _, uv, faces = chart_vertices(surface)
    fields = {
        "All_Faces": (faces + 1).astype(np.uint32),
        "All_FaceIndices": surface.face_part[:, None],
        "All_U_norm": uv[:, :1],
        "All_V_norm": uv[:, 1:],
        "All_vertices": (body_vertex + 1)[None].astype(np.uint32),
    }
    savemat(path, {k: v for k, v in (fields | changes).items() if v is not ...})
    return path


def write_subdiv(folder: Path, surface: Surface, **changes) -> tuple[Path, Path]:
    """`SMPL_subdiv.mat` and `SMPL_SUBDIV_TRANSFORM.mat`; the second's indices are uint16."""
    body_vertex, part, uv, faces = chart_vertices(surface)
    fields = {
        "vertex": y_up(surface.vertices[body_vertex]).T,
        "faces": (faces + 1).T.astype(np.float64),
        "U_subdiv": uv[:, :1],
        "V_subdiv": uv[:, 1:],
        "Part_ID_subdiv": part[:, None].astype(np.uint8),
        "index": (body_vertex + 1)[:, None].astype(np.uint16),
    }
    fields = {k: v for k, v in (fields | changes).items() if v is not ...}
    index = {k: fields.pop(k) for k in ("index",) if k in fields}
    savemat(folder / "SMPL_subdiv.mat", fields)
    savemat(folder / "SMPL_SUBDIV_TRANSFORM.mat", index)
    return folder / "SMPL_subdiv.mat", folder / "SMPL_SUBDIV_TRANSFORM.mat"


def write_distances(path: Path, distance: np.ndarray, protocol: int = 2) -> Path:
    """`Pdist_matrix.pkl` of (N, N) distances: a column of float32."""
    lower = distance[np.tril_indices(len(distance), -1)].astype(np.float32)
    path.write_bytes(pickle.dumps({"Pdist_matrix": lower[:, None]}, protocol))
    return path


def write_symmetry(path: Path, size: int = 256) -> Path:
    """`UV_symmetry_transforms.mat` of charts that are mirror images of each other."""
    v, u = np.meshgrid(*[np.linspace(0, 1, size)] * 2, indexing="ij")
    cells = {name: np.empty((1, 24), dtype=object) for name in ("U_transforms", "V_transforms")}
    for chart in range(24):
        cells["U_transforms"][0, chart] = 1 - u if chart < 2 else u
        cells["V_transforms"][0, chart] = v
    savemat(path, cells)
    return path
