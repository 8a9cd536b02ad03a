"""Pictures of predictions: charts, coordinates, uncertainty, and the report of a trained model."""

from .boxes import draw_boxes
from .colour_bar import with_colour_bar
from .draw import draw
from .ellipses import draw_ellipses, person_ellipses
from .error_animation import encode_animation, error_frames
from .error_pictures import draw_errors
from .isolines import draw_isolines
from .layers import draw_parts, draw_sigma_cm, draw_sigma_uv, draw_uv, shared_vmax_cm
from .palette import PART_COLOURS
from .person_on_body import BodyPictures
from .picture_grid import Panel, panel_grid
from .picture_layers import (
    PictureLayer,
    PictureNameError,
    PictureStyle,
    make_panels,
    parse_pictures,
    register_picture_layer,
)
from .picture_size import at_picture_size
from .point_errors import PointErrors, point_errors
from .report import ReportRow, make_report
from .video import VideoError, write_video

__all__ = [
    "PART_COLOURS",
    "BodyPictures",
    "Panel",
    "PictureLayer",
    "PictureNameError",
    "PictureStyle",
    "PointErrors",
    "ReportRow",
    "VideoError",
    "at_picture_size",
    "draw",
    "draw_boxes",
    "draw_ellipses",
    "draw_errors",
    "draw_isolines",
    "draw_parts",
    "draw_sigma_cm",
    "draw_sigma_uv",
    "draw_uv",
    "encode_animation",
    "error_frames",
    "make_panels",
    "make_report",
    "panel_grid",
    "parse_pictures",
    "person_ellipses",
    "point_errors",
    "register_picture_layer",
    "shared_vmax_cm",
    "with_colour_bar",
    "write_video",
]
