"""The body surface: charts, part tables, geodesic distances. Needs numpy and scipy only."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
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

# Command lines need a path of `paths` before they need scipy.
__getattr__ = lazy_names(
    __name__,
    {
        "COARSE_PART_NAMES": "parts",
        "ChartLookup": "lookup",
        "FINE_TO_COARSE": "parts",
        "FLIP_PARTS": "parts",
        "NUM_PARTS": "parts",
        "PART_NAMES": "parts",
        "Surface": "surface",
        "SurfaceFileError": "surface_file",
        "SurfacePoints": "surface_points",
        "default_surface_path": "paths",
        "surface_position": "surface_points",
        "surface_to_uv": "surface_points",
        "uv_to_surface": "surface_points",
    },
)
