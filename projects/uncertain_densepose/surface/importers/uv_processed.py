"""DensePose's `UV_Processed.mat`: the charts of SMPL's 6890 vertices, without their positions.

It numbers 7829 chart vertices, for a vertex on the border of charts is several of them, and 13 774
faces. `All_vertices` says which of SMPL's vertices each is, `All_FaceIndices` the chart of a face;
both, and `All_Faces`, count from 1.
"""

from __future__ import annotations

import os

import numpy as np

from ..parts import NUM_PARTS
from .charted_mesh import ChartedMesh, SurfaceSourceError, only_used_vertices
from .mat_file import column, from_one, read_mat_fields, triples

_FIELDS = ("All_Faces", "All_FaceIndices", "All_U_norm", "All_V_norm", "All_vertices")


def read_uv_processed(path: str | os.PathLike[str], body_vertices: np.ndarray) -> ChartedMesh:
    """The charts of a body whose positions are given.

    Args:
        path: `UV_Processed.mat`.
        body_vertices: (6890, 3) metres, z up, facing -y, in SMPL's order.

    Raises:
        SurfaceSourceError: the file cannot be used, or the body has another number of vertices.
    """
    fields = read_mat_fields(path, _FIELDS)
    number = len(np.atleast_1d(fields["All_vertices"]))
    body_vertex = column(path, "All_vertices", fields["All_vertices"], number)
    expected = int(body_vertex.max())
    if len(body_vertices) != expected:
        raise SurfaceSourceError(
            f"{path}: its charts are of {expected} vertices, but the body has {len(body_vertices)}"
            " (write the body without texture coordinates, which split vertices at seams)"
        )
    body_vertex = from_one(path, "All_vertices", body_vertex, expected)
    chart_faces = triples(path, "All_Faces", fields["All_Faces"])
    chart_faces = from_one(path, "All_Faces", chart_faces, number)
    part = column(path, "All_FaceIndices", fields["All_FaceIndices"], len(chart_faces))
    part = from_one(path, "All_FaceIndices", part, NUM_PARTS) + 1
    uv = [column(path, name, fields[name], number) for name in ("All_U_norm", "All_V_norm")]
    vertices, faces = only_used_vertices(np.asarray(body_vertices), body_vertex[chart_faces])
    return ChartedMesh(vertices, faces, part, np.stack(uv, axis=1)[chart_faces])
