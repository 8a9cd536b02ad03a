"""The body surface: charts, part tables, geodesic distances. Needs numpy and scipy only."""

from .lookup import ChartLookup
from .parts import COARSE_PART_NAMES, FINE_TO_COARSE, FLIP_PARTS, NUM_PARTS, PART_NAMES
from .paths import default_surface_path
from .surface import Surface
from .surface_file import SurfaceFileError
from .surface_points import SurfacePoints, surface_position, surface_to_uv, uv_to_surface

__all__ = [
    "COARSE_PART_NAMES",
    "ChartLookup",
    "FINE_TO_COARSE",
    "FLIP_PARTS",
    "NUM_PARTS",
    "PART_NAMES",
    "Surface",
    "SurfaceFileError",
    "SurfacePoints",
    "default_surface_path",
    "surface_position",
    "surface_to_uv",
    "uv_to_surface",
]
