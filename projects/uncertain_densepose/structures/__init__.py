"""What flows between the rooms: point annotations, chart maps and values read at points."""

from .chart_maps import ChartMaps
from .geometry import box_to_image_xy, image_to_box_xy
from .point_annotations import PointAnnotations, PointAnnotationsList
from .point_predictions import PointPredictions

__all__ = [
    "ChartMaps",
    "PointAnnotations",
    "PointAnnotationsList",
    "PointPredictions",
    "box_to_image_xy",
    "image_to_box_xy",
]
