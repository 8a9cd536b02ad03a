"""Checks of an annotation as a whole: image, category, box, segmentation, keypoints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pycocotools import mask as mask_api

from ...structures.coco_annotation import AnnotationError, read_segmentation
from ...structures.run_lengths import is_mask, is_polygon
from .content_checks import is_id
from .registry import DROPPED, REPAIRED, Scope, check

_NUM_KEYPOINTS = 17
_BEYOND_PX = 1.0
"""How far a box may reach beyond its image before it is reported, pixels: COCO rounds."""
_FARTHEST_PX = 1e6


@dataclass(frozen=True)
class FileIndex:
    """What annotations refer to in their file.

    Attributes:
        images: the images that are kept, by id.
        left_out: the ids of the others.
        categories: the ids of all categories.
        person: the id of the category that is trained; None if there is none.
        repeated: ids that several annotations have.
    """

    images: dict[int, dict]
    left_out: set[int]
    categories: set[int]
    person: int | None
    repeated: set[int]


def finite_numbers(values: object) -> np.ndarray | None:
    """A list of finite numbers as (N,) float64; None for anything else."""
    array = numbers(values)
    return array if array is not None and np.isfinite(array).all() else None


def numbers(values: object) -> np.ndarray | None:
    """A list of numbers, NaN and infinities included, as (N,) float64; None for anything else."""
    if not isinstance(values, list) or not {int, float}.issuperset(map(type, values)):
        return None
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:  # An integer with hundreds of digits.
        return None


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def annotation_malformed(annotation, file) -> bool:
    """An annotation is not an object, or lacks an integer "id"."""
    return not isinstance(annotation, dict) or not is_id(annotation.get("id"))


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def image_unknown(annotation, file) -> bool:
    """The "image_id" is missing or is not the id of an image in the file."""
    image = annotation.get("image_id")
    return not is_id(image) or image not in file.images and image not in file.left_out


@check(Scope.PERSON, DROPPED, "the annotation is left out with its image")
def image_left_out(annotation, file) -> bool:
    """The annotation belongs to an image that is left out."""
    return annotation["image_id"] in file.left_out


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def category_unknown(annotation, file) -> bool:
    """The "category_id" is missing or is not the id of a category in the file."""
    category = annotation.get("category_id")
    return not is_id(category) or category not in file.categories


@check(Scope.PERSON, DROPPED, "the annotation is left out: only people are trained")
def category_not_person(annotation, file) -> bool:
    """The annotation is not of the category of people."""
    return annotation["category_id"] != file.person


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def crowd_flag_malformed(annotation, file) -> bool:
    """The "iscrowd" is none of 0, 1, true, false, null."""
    flag = annotation.get("iscrowd")
    return not (flag is None or type(flag) in (bool, int, float) and flag in (0, 1))


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def box_malformed(annotation, file) -> bool:
    """The "bbox" is missing or is not a list of four finite numbers."""
    box = finite_numbers(annotation.get("bbox"))
    return box is None or len(box) != 4


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def box_empty(annotation, file) -> bool:
    """The width or the height of the box is not positive."""
    return min(annotation["bbox"][2:]) <= 0


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def box_outside_image(annotation, file) -> bool:
    """The box lies outside its image."""
    x, y, width, height = annotation["bbox"]
    image = file.images[annotation["image_id"]]
    return x >= image["width"] or y >= image["height"] or x + width <= 0 or y + height <= 0


@check(Scope.PERSON, DROPPED, "the annotation is left out")
def box_far_beyond_image(annotation, file) -> bool:
    """The box reaches further beyond its image than the image is large."""
    x, y, width, height = annotation["bbox"]
    image = file.images[annotation["image_id"]]
    return (
        min(x, image["width"] - x - width) < -image["width"]
        or min(y, image["height"] - y - height) < -image["height"]
    )


# After the boxes: one that evaluation cannot use either is counted under what is wrong with it.
_NOT_TO_BE_FOUND = (REPAIRED, "nobody has to be found there, and detections there do not count")


@check(
    Scope.PERSON,
    DROPPED,
    "the annotation is left out: the box is not that of one person",
    evaluation=_NOT_TO_BE_FOUND,
)
def crowd(annotation, file) -> bool:
    """The annotation is of a crowd ("iscrowd")."""
    return bool(annotation.get("iscrowd"))


@check(Scope.PERSON, DROPPED, "the annotation is left out", evaluation=_NOT_TO_BE_FOUND)
def ignored(annotation, file) -> bool:
    """The annotation has the flag "ignore"."""
    return bool(annotation.get("ignore"))


@check(Scope.PERSON, REPAIRED, "all of them are kept")
def annotation_id_repeated(annotation, file) -> bool:
    """Several annotations have the same id, as a few in COCO's minival do."""
    return annotation["id"] in file.repeated


@check(Scope.PERSON, REPAIRED, "the box is clipped to the image; points stay where they are")
def box_beyond_image(annotation, file) -> bool:
    """The box reaches more than a pixel beyond its image."""
    x, y, width, height = annotation["bbox"]
    image = file.images[annotation["image_id"]]
    beyond = max(-x, -y, x + width - image["width"], y + height - image["height"])
    return beyond > _BEYOND_PX


_NO_MASK = (
    "the person has no mask and is left out if masks are trained "
    "(MODEL.MASK_ON, COARSE_SEGM_TRAINED_BY_MASKS)"
)


def _remove_segmentation(annotation, file) -> None:
    annotation.pop("segmentation", None)


@check(Scope.PERSON, REPAIRED, _NO_MASK, _remove_segmentation)
def segmentation_missing(annotation, file) -> bool:
    """The "segmentation" is missing or empty."""
    return not annotation.get("segmentation")


@check(Scope.PERSON, REPAIRED, _NO_MASK, _remove_segmentation)
def segmentation_malformed(annotation, file) -> bool:
    """The "segmentation" is neither polygons nor run lengths for the size of the image."""
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, list):
        return bool(segmentation) and not _polygons(annotation, file)
    image = file.images[annotation["image_id"]]
    return bool(segmentation) and not is_mask(segmentation, image["height"], image["width"])


def _polygons(annotation: dict, file: FileIndex) -> list:
    """Those of a list that are polygons."""
    image = file.images[annotation["image_id"]]
    size = image["height"], image["width"]
    return [polygon for polygon in annotation["segmentation"] if is_polygon(polygon, *size)]


def _keep_polygons(annotation, file) -> None:
    annotation["segmentation"] = _polygons(annotation, file)


@check(Scope.PERSON, REPAIRED, "the person's other polygons are used", _keep_polygons)
def polygon_malformed(annotation, file) -> bool:
    """A polygon has fewer than three points, an odd number of values, or is far from the image."""
    segmentation = annotation.get("segmentation")
    if not isinstance(segmentation, list):
        return False
    return len(_polygons(annotation, file)) < len(segmentation)


def _measure_area(annotation, file) -> None:
    image = file.images[annotation["image_id"]]
    try:
        mask = read_segmentation(annotation, image["height"], image["width"])
    except AnnotationError:
        annotation["area"] = float(annotation["bbox"][2] * annotation["bbox"][3])
    else:
        annotation["area"] = float(mask_api.area(mask))


# After the segmentation, of which only what is used is measured.
@check(
    Scope.PERSON,
    REPAIRED,
    "training does not read it",
    _measure_area,
    evaluation=(REPAIRED, "it is that of the segmentation, or else of the box"),
)
def area_malformed(annotation, file) -> bool:
    """The "area" is missing, or is not a number of pixels from 0 to that of the image."""
    area, image = finite_numbers([annotation.get("area")]), file.images[annotation["image_id"]]
    # Boxes, whose area some files have here, may reach beyond the image.
    box = annotation["bbox"][2] * annotation["bbox"][3]
    return area is None or not 0 <= area[0] <= max(image["width"] * image["height"], box)


def _remove_keypoints(annotation, file) -> None:
    del annotation["keypoints"]


@check(
    Scope.PERSON,
    REPAIRED,
    "the person is treated as having no labelled keypoints",
    _remove_keypoints,
)
def keypoints_malformed(annotation, file) -> bool:
    """The "keypoints" are not 17 times x, y (below a million) and a visibility of 0, 1 or 2."""
    if "keypoints" not in annotation:
        return False
    values = finite_numbers(annotation["keypoints"])
    if values is None or len(values) != 3 * _NUM_KEYPOINTS:
        return True
    return bool((np.abs(values) > _FARTHEST_PX).any() or not np.isin(values[2::3], (0, 1, 2)).all())
