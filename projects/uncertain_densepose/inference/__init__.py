"""From images to people: dense correspondences at image resolution, with their uncertainty."""

from ..data.picture_file import ImageError, as_bgr, read_image
from ..surface.metric import ChartMetric, rms_sigma_cm, rms_sigma_uv, tangent_covariance_cm2
from .body_points import BodyPoints, body_points, body_points_at
from .clicks_curve import ClicksCurve, clicks_curve
from .coco_results import coco_results, write_coco_results
from .condition import (
    Click,
    ClickError,
    ConditionedPerson,
    ConditionedStoredPerson,
    condition,
    condition_points,
)
from .dense_person import DensePerson, pixel_window
from .error_field import error_length_cm, sample_error_field
from .export import coco_category_id, coco_image_ids, result_records
from .fusion import FUSION_RULES, FusionError
from .fusion.predictions import fuse_maps, fuse_people, fuse_points
from .image_sources import (
    ImageFile,
    ImageSource,
    SourceError,
    SourceImage,
    VideoFile,
    find_sources,
)
from .people_file import PeopleFileError, SavedPeople, load_people, save_people
from .person import Person, people_from_instances
from .picture_maps import PictureMaps, picture_maps
from .predictor import Predictor, surface_path
from .seen_vertex import SeenVertex, surface_to_image
from .stored_person import StoredPerson
from .texture import Texture, transfer_texture

Source = ImageSource
"""The former name of `ImageSource`."""

__all__ = [
    "FUSION_RULES",
    "BodyPoints",
    "ChartMetric",
    "Click",
    "ClickError",
    "ClicksCurve",
    "ConditionedPerson",
    "ConditionedStoredPerson",
    "DensePerson",
    "FusionError",
    "ImageError",
    "ImageFile",
    "ImageSource",
    "PeopleFileError",
    "Person",
    "PictureMaps",
    "Predictor",
    "SavedPeople",
    "SeenVertex",
    "Source",
    "SourceError",
    "SourceImage",
    "StoredPerson",
    "Texture",
    "VideoFile",
    "as_bgr",
    "body_points",
    "body_points_at",
    "clicks_curve",
    "coco_category_id",
    "coco_image_ids",
    "coco_results",
    "condition",
    "condition_points",
    "error_length_cm",
    "find_sources",
    "fuse_maps",
    "fuse_people",
    "fuse_points",
    "load_people",
    "people_from_instances",
    "picture_maps",
    "pixel_window",
    "read_image",
    "result_records",
    "rms_sigma_cm",
    "rms_sigma_uv",
    "sample_error_field",
    "save_people",
    "surface_path",
    "surface_to_image",
    "tangent_covariance_cm2",
    "transfer_texture",
    "write_coco_results",
]
