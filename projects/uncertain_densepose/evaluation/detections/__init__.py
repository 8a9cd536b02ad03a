"""How well people were found and placed: GPS, GPSm and mask AP."""

from .chart_detections import ChartDetections
from .detection_metrics import detection_metrics, evaluate_image, evaluate_results, match_people
from .gps_ap import MAX_DETECTIONS, METRICS, MODES
from .iuv_detections import IUVDetections
from .protocols import PROTOCOLS

__all__ = [
    "MAX_DETECTIONS",
    "METRICS",
    "MODES",
    "PROTOCOLS",
    "ChartDetections",
    "IUVDetections",
    "detection_metrics",
    "evaluate_image",
    "evaluate_results",
    "match_people",
]
