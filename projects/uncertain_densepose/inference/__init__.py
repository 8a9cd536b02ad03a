"""From images to people: dense correspondences at image resolution, with their uncertainty."""

from .export import result_records, save_maps
from .metric import ChartMetric, rms_sigma_cm, rms_sigma_uv, tangent_covariance_cm2
from .person import Person, people_from_instances, pixel_window
from .predictor import Predictor, surface_path

__all__ = [
    "ChartMetric",
    "Person",
    "Predictor",
    "people_from_instances",
    "pixel_window",
    "result_records",
    "rms_sigma_cm",
    "rms_sigma_uv",
    "save_maps",
    "surface_path",
    "tangent_covariance_cm2",
]
