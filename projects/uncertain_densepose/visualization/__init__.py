"""Pictures of predictions: charts, coordinates, uncertainty, and the report of a trained model."""

from .colour_bar import with_colour_bar
from .ellipses import draw_ellipses, person_ellipses
from .layers import draw_parts, draw_sigma_cm, draw_uv, shared_vmax_cm
from .palette import PART_COLOURS
from .panels import save_picture
from .point_errors import PointErrors, point_errors
from .report import ReportRow, make_report

__all__ = [
    "PART_COLOURS",
    "PointErrors",
    "ReportRow",
    "draw_ellipses",
    "draw_parts",
    "draw_sigma_cm",
    "draw_uv",
    "make_report",
    "person_ellipses",
    "point_errors",
    "save_picture",
    "shared_vmax_cm",
    "with_colour_bar",
]
