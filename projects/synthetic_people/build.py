"""Building the embedded surface: body, parts, charts, geodesic table."""

from __future__ import annotations

import anny
import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from uncertain_densepose.surface.geodesics import geodesic_graph, geodesic_table, spread_subset
from uncertain_densepose.surface.mirror import mirrored_faces
from uncertain_densepose.surface.parts import FLIP_PARTS, NUM_PARTS, PART_NAMES, SELF_MIRRORED_PARTS
from uncertain_densepose.surface.surface import Surface

from . import charts
from .body import BodyModel

TABLE_SPACING_M = 0.008
"""Distance between vertices of the geodesic table. On the body the table then has about 10 600 of
19 700 vertices (112 MB), and a random point of the skin is 5 mm (median) from its table vertex."""

_SLIM_ITERATIONS = 30

# Parts that are cut open along the seams of the bundled texture.
_SEAMED_PARTS = (3, 6)
_RIGHT_PARTS = tuple(p for p in range(1, NUM_PARTS + 1) if FLIP_PARTS[p] == p or p in (
    3, 6, 7, 9, 11, 13, 16, 18, 20, 22, 23))  # fmt: skip

# Between which joints v rises (from the first to the second) in the charts of the limbs.
_RISE = {
    3: ("finger3-1.R", "wrist.R"),
    6: ("toe3-1.R", "foot.R"),
    7: ("lowerleg01.R", "upperleg01.R"),
    9: ("lowerleg01.R", "upperleg01.R"),
    11: ("foot.R", "lowerleg01.R"),
    13: ("foot.R", "lowerleg01.R"),
    16: ("lowerarm01.R", "upperarm01.R"),
    18: ("lowerarm01.R", "upperarm01.R"),
    20: ("wrist.R", "lowerarm01.R"),
    22: ("wrist.R", "lowerarm01.R"),
}


def build_embedded_surface(workers: int = 2, progress: bool = False) -> Surface:
    """Build the surface of the free body model from nothing.

    In every chart v rises towards the head or, on limbs, towards the trunk (hands: from the fingers
    to the wrist; feet: from the toes to the ankle), and the longer side of the chart fills the unit
    square; both axes have one scale. Right-side charts are made and mirrored to the left.

    Args:
        workers: processes for the geodesic table; the result does not depend on it.
        progress: show progress bars on stderr.
    """
    model = BodyModel.shared()
    vertices, faces = model.rest_vertices, model.topology.faces
    mirror, part = model.topology.mirror, model.face_part
    face_uv = _chart_coordinates(model, progress)
    graph = geodesic_graph(vertices, faces)
    subset = spread_subset(vertices, TABLE_SPACING_M, mirror)
    with tqdm(total=len(subset), desc="geodesics", unit="row", disable=not progress) as bar:
        table = geodesic_table(graph, subset, mirror, workers, bar.update)
    return Surface(
        name=f"anny-{anny.__version__}",
        part_names=PART_NAMES,
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        face_part=part,
        face_uv=face_uv,
        mirror=mirror.astype(np.int32),
        geodesic_vertices=subset,
        nearest_geodesic=cKDTree(vertices[subset]).query(vertices)[1].astype(np.int32),
        geodesic_m=table,
    )


def _chart_coordinates(model: BodyModel, progress: bool) -> np.ndarray:
    """(F, 3, 2) float32 chart coordinates of all parts."""
    faces = model.topology.faces
    face_uv = np.zeros((len(faces), 3, 2))
    for part in tqdm(_RIGHT_PARTS, desc="charts", unit="chart", disable=not progress):
        chosen = np.flatnonzero(model.face_part == part)
        face_uv[chosen] = _chart(model, part, chosen)
    twin, corner = mirrored_faces(faces, model.topology.mirror)
    left = ~np.isin(model.face_part, _RIGHT_PARTS)
    face_uv[left] = np.take_along_axis(face_uv[twin[left]], corner[left][:, :, None], axis=1)
    return face_uv.astype(np.float32)


def _chart(model: BodyModel, part: int, chosen: np.ndarray) -> np.ndarray:
    """(len(chosen), 3, 2) chart coordinates of one right-side or torso part."""
    corner_ids, local = _chart_vertices(model, part, chosen)
    vertices = model.rest_vertices[corner_ids]
    uv = charts.flatten(vertices, local, _SLIM_ITERATIONS)
    uv = charts.align(uv, vertices @ _rise_direction(model, part))
    centre_u = None
    if part in SELF_MIRRORED_PARTS:
        # Corners are vertices here, in ascending order.
        uv = charts.symmetrise(uv, np.searchsorted(corner_ids, model.topology.mirror[corner_ids]))
        centre_u = 0.0
    return charts.fit_to_unit_square(uv, centre_u)[local]


def _chart_vertices(
    model: BodyModel, part: int, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mesh vertex of each chart vertex, and faces in chart vertices: seams double their vertices.

    Returns:
        (N,) vertex indices and (len(chosen), 3) indices into them.
    """
    corners = model.topology.faces[chosen].reshape(-1, 1).astype(np.int64)
    if part in _SEAMED_PARTS:
        texture = np.rint(model.topology.face_texture[chosen].reshape(-1, 2) * 1e5)
        corners = np.concatenate([corners, texture.astype(np.int64)], axis=1)
    unique, inverse = np.unique(corners, axis=0, return_inverse=True)
    return unique[:, 0], inverse.reshape(-1, 3)


def _rise_direction(model: BodyModel, part: int) -> np.ndarray:
    if part not in _RISE:
        return np.array([0.0, 0.0, 1.0])
    low, high = (
        model.neutral().bone_poses[0, model.bone_index(bone), :3, 3] for bone in _RISE[part]
    )
    return (high - low).astype(np.float64)
