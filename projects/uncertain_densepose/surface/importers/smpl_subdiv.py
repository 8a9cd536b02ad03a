"""DensePose's `SMPL_subdiv.mat` and `SMPL_SUBDIV_TRANSFORM.mat`: SMPL with every edge halved.

The first holds 29 408 chart vertices: positions, faces, and the chart and coordinates of each. A
vertex on the border of charts is several of them; the `index` of the second says which of the
27 554 vertices of the closed body each is. Both count from 1. It is between those 27 554 that
`Pdist_matrix.pkl` has the distances.
"""

from __future__ import annotations

import os

import numpy as np

from ..parts import NUM_PARTS
from .charted_mesh import ChartedMesh, SurfaceSourceError, y_up_to_z_up
from .mat_file import column, from_one, read_mat_fields, triples

_SAME_PLACE_M = 1e-3
"""How far chart vertices of one vertex may lie from each other, metres."""


def read_smpl_subdiv(
    subdiv: str | os.PathLike[str], transform: str | os.PathLike[str]
) -> ChartedMesh:
    """The body between whose vertices DensePose measures distances.

    Faces whose corners are of different charts have no place in any chart and are left out.

    Args:
        subdiv: `SMPL_subdiv.mat`. transform: `SMPL_SUBDIV_TRANSFORM.mat`.

    Raises:
        SurfaceSourceError: a file cannot be used, or the two do not belong together.
    """
    fields = read_mat_fields(subdiv, ("vertex", "faces", "U_subdiv", "V_subdiv", "Part_ID_subdiv"))
    places = triples(subdiv, "vertex", fields["vertex"])
    number = len(places)
    chart_faces = from_one(subdiv, "faces", triples(subdiv, "faces", fields["faces"]), number)
    part = column(subdiv, "Part_ID_subdiv", fields["Part_ID_subdiv"], number)
    part = from_one(subdiv, "Part_ID_subdiv", part, NUM_PARTS) + 1
    uv = [column(subdiv, name, fields[name], number) for name in ("U_subdiv", "V_subdiv")]

    index = read_mat_fields(transform, ("index",))["index"]
    index = column(transform, "index", index, number)
    body_vertex = from_one(transform, "index", index, int(index.max(initial=1)))
    vertices = np.full((body_vertex.max() + 1, 3), np.nan)
    vertices[body_vertex] = places
    if np.isnan(vertices).any():
        raise SurfaceSourceError(
            f"{transform}: field 'index' leaves out some of the numbers 1..{len(vertices)}"
        )
    if np.abs(vertices[body_vertex] - places).max() > _SAME_PLACE_M:
        raise SurfaceSourceError(
            f"{transform}: field 'index' joins vertices of {subdiv} that lie in different places;"
            " the two files do not belong together"
        )
    one_chart = (part[chart_faces] == part[chart_faces[:, :1]]).all(axis=1)
    chart_faces = chart_faces[one_chart]
    return ChartedMesh(
        vertices=y_up_to_z_up(vertices),
        faces=body_vertex[chart_faces],
        face_part=part[chart_faces[:, 0]],
        face_uv=np.stack(uv, axis=1)[chart_faces],
    )
