"""One annotation of a COCO file, checked: box, dense-pose points, segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as mask_api

from ..errors import FieldError, UserError
from ..surface.parts import NUM_COARSE_PARTS, NUM_PARTS
from .geometry import DP_EXTENT
from .point_annotations import MASK_SIZE
from .run_lengths import compressed, is_mask, is_polygon

POINT_FIELDS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
TRUE_FIELDS = ("dp_U_true", "dp_V_true")
TRUE_PART_FIELD = "dp_I_true"
"""The charts of `TRUE_FIELDS`, where annotators may mistake charts; otherwise those of `dp_I`."""


class AnnotationFileError(UserError, ValueError):
    """An annotation file that cannot be used; the message names file, annotation and field."""


class AnnotationError(FieldError):
    """A field of an annotation that cannot be used."""


@dataclass(frozen=True)
class LabelledPoints:
    """The P annotated points of one person.

    Attributes:
        xy: (P, 2) float64, pixels of the image.
        part: (P,) int64, the annotated charts 1..24.
        part_true: (P,) int64, the true charts where the file has them, otherwise `part`.
        uv: (P, 2) float64, annotated coordinates, chart units.
        uv_true: (P, 2) float64, true coordinates in `part_true`, NaN where the file has none.
    """

    xy: np.ndarray
    part: np.ndarray
    part_true: np.ndarray
    uv: np.ndarray
    uv_true: np.ndarray


def _numbers(annotation: dict[str, Any], field: str) -> np.ndarray:
    """A list of finite numbers, (P,) float64."""
    if not isinstance(annotation.get(field), list):
        raise AnnotationError(field, "is missing or not a list")
    try:
        values = np.array(annotation[field], dtype=np.float64)
    except (OverflowError, TypeError, ValueError) as error:
        raise AnnotationError(field, "is not a list of numbers") from error
    if values.ndim != 1 or not np.isfinite(values).all():
        raise AnnotationError(field, "is not a list of finite numbers")
    return values


def read_box(annotation: dict[str, Any]) -> np.ndarray:
    """The box (4,) float64 of an annotation, XYWH pixels; checks its `area` too.

    Raises:
        AnnotationError: `bbox` or `area` is missing or malformed.
    """
    box = _numbers(annotation, "bbox")
    if len(box) != 4 or (box[2:] < 0).any():
        raise AnnotationError("bbox", "is not a box (x, y, width, height)")
    area: Any = annotation.get("area")
    if type(area) not in (int, float) or not 0 <= area < float("inf"):
        raise AnnotationError("area", "is missing or not a number of pixels")
    return box


def read_labelled_points(annotation: dict[str, Any], box: np.ndarray) -> LabelledPoints | None:
    """The dense-pose points of an annotation.

    Args:
        annotation: a COCO annotation.
        box: (4,) its XYWH pixels, to which `dp_x` and `dp_y` refer.

    Returns:
        None for a person without points: none of the fields, or empty lists.

    Raises:
        AnnotationError: a field is missing beside the others, lists differ in length, a value is
            not a finite number, or a chart is outside 1..24.
    """
    if not any(field in annotation for field in POINT_FIELDS):
        return None
    values = {field: _numbers(annotation, field) for field in POINT_FIELDS}
    if any(field in annotation for field in TRUE_FIELDS):
        values |= {field: _numbers(annotation, field) for field in TRUE_FIELDS}
    if TRUE_PART_FIELD in annotation:
        values[TRUE_PART_FIELD] = _numbers(annotation, TRUE_PART_FIELD)
    num_points = len(values["dp_x"])
    for field, array in values.items():
        if len(array) != num_points:
            raise AnnotationError(
                field, f"has {len(array)} values, but 'dp_x' has {num_points}: one a point each"
            )
    if num_points == 0:
        return None
    for field in {"dp_I", TRUE_PART_FIELD} & values.keys():
        part = values[field]
        wrong = part[(part != np.round(part)) | (part < 1) | (part > NUM_PARTS)]
        if len(wrong):
            raise AnnotationError(field, f"has the value {wrong[0]:g}, expected 1..{NUM_PARTS}")
    part = values["dp_I"]
    unknown = np.full(num_points, np.nan)
    position = np.stack([values["dp_x"], values["dp_y"]], axis=1) / DP_EXTENT
    return LabelledPoints(
        xy=box[:2] + position * box[2:],
        part=part.astype(np.int64),
        part_true=values.get(TRUE_PART_FIELD, part).astype(np.int64),
        uv=np.stack([values["dp_U"], values["dp_V"]], axis=1),
        uv_true=np.stack([values.get(field, unknown) for field in TRUE_FIELDS], axis=1),
    )


def read_part_masks(annotation: dict[str, Any]) -> list[dict[str, Any]]:
    """The masks of `dp_masks` that are not empty, with compressed run lengths.

    Args:
        annotation: `dp_masks` may be missing, one mask, an empty list, or a list with one mask, or
            [] or None, for each of the 14 coarse parts.

    Raises:
        AnnotationError: they are anything else, or a mask is not one of 256 x 256 cells.
    """
    masks = annotation.get("dp_masks") or []
    if not isinstance(masks, list):
        masks = [masks]
    elif len(masks) not in (0, NUM_COARSE_PARTS):
        raise AnnotationError("dp_masks", f"has {len(masks)} masks instead of {NUM_COARSE_PARTS}")
    parts = [mask for mask in masks if mask is not None and mask != []]
    if not all(is_mask(part, MASK_SIZE, MASK_SIZE) for part in parts):
        raise AnnotationError(
            "dp_masks", f"has a mask that does not encode {MASK_SIZE} x {MASK_SIZE} cells"
        )
    return [compressed(part) for part in parts]


def read_segmentation(annotation: dict[str, Any], height: int, width: int) -> dict[str, Any]:
    """The person's mask as a compressed run-length encoding of the image.

    Args:
        annotation: a COCO annotation; `segmentation` may be polygons or either form of encoding.
        height, width: of the image, pixels.

    Raises:
        AnnotationError: `segmentation` is missing, malformed or of another image size.
    """
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, list):
        # Detectron2 passes over polygons of fewer than three points, and COCO has some.
        polygons = [p for p in segmentation if not isinstance(p, list) or len(p) >= 6]
        if not polygons or not all(is_polygon(polygon, height, width) for polygon in polygons):
            raise AnnotationError(
                "segmentation", "has no polygon (x1, y1, x2, y2, ...), or one far from the image"
            )
        merged: dict[str, Any] = mask_api.merge(mask_api.frPyObjects(polygons, height, width))
        return merged
    if not isinstance(segmentation, dict) or not {"size", "counts"} <= segmentation.keys():
        raise AnnotationError("segmentation", "is missing, or neither polygons nor an encoding")
    if not is_mask(segmentation, height, width):
        raise AnnotationError(
            "segmentation", f"does not encode the image's {height} x {width} pixels"
        )
    return compressed(segmentation)
