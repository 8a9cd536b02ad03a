"""Surfaces from the files of others: one module a source. None of these files comes with us."""

from .charted_mesh import ChartedMesh, SurfaceSourceError, surface_of_mesh
from .geodesic_pickle import convert_distance_pickle
from .obj_mesh import UP_AXES, read_body_vertices, read_obj_mesh
from .smpl_subdiv import read_smpl_subdiv
from .uv_processed import read_uv_processed

make_surface = surface_of_mesh  # its former name

__all__ = [
    "ChartedMesh",
    "SurfaceSourceError",
    "UP_AXES",
    "convert_distance_pickle",
    "make_surface",
    "surface_of_mesh",
    "read_body_vertices",
    "read_obj_mesh",
    "read_smpl_subdiv",
    "read_uv_processed",
]
