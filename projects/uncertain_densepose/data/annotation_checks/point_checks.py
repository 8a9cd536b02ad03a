"""Checks of a person's annotated points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...structures.coco_annotation import POINT_FIELDS, TRUE_FIELDS, TRUE_PART_FIELD
from ...structures.geometry import DP_EXTENT
from ...surface import NUM_PARTS
from .person_checks import finite_numbers, numbers
from .registry import DROPPED, REPAIRED, Scope, check

_UV_TOLERANCE = 1e-3
"""How far coordinates may lie outside their chart, chart units: rounding to three digits."""

_LEFT_OUT = "the person's points and part masks are left out; the box is used"
_NOT_TO_BE_FOUND = (DROPPED, "the person does not have to be found")
_POINT_LEFT_OUT = "the point is left out"


@dataclass(frozen=True)
class PointColumns:
    """The P points of a person: readable numbers, whose values have not been checked.

    Attributes:
        xy: (P, 2) float64, `dp_x` and `dp_y`.
        part: (P,) float64, `dp_I`.
        uv: (P, 2) float64, `dp_U` and `dp_V`.
        xy_image: (P, 2) float64, pixels.
        width, height: of the image, pixels.
        part_is_float: (P,) bool, whether the part has a decimal point in the file.
    """

    xy: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    xy_image: np.ndarray
    width: int
    height: int
    part_is_float: np.ndarray

    @staticmethod
    def of(annotation: dict, image: dict) -> PointColumns:
        """The points of an annotation that passed the checks of `Scope.LABELS`."""
        x, y, part, u, v = (np.array(annotation[f], dtype=np.float64) for f in POINT_FIELDS)
        box = np.array(annotation["bbox"], dtype=np.float64)
        xy = np.stack([x, y], axis=1)
        with np.errstate(over="ignore"):
            xy_image = box[:2] + xy / DP_EXTENT * box[2:]
        return PointColumns(
            xy=xy,
            part=part,
            uv=np.stack([u, v], axis=1),
            xy_image=xy_image,
            width=image["width"],
            height=image["height"],
            part_is_float=np.array([type(i) is float for i in annotation["dp_I"]], dtype=bool),
        )


@check(Scope.LABELS, DROPPED, _LEFT_OUT, evaluation=_NOT_TO_BE_FOUND)
def person_has_no_densepose(annotation) -> bool:
    """A person with points or part masks has the flag "has_no_densepose"."""
    return bool(annotation.get("has_no_densepose"))


@check(
    Scope.LABELS,
    DROPPED,
    "the person's part masks are left out; the box is used",
    evaluation=_NOT_TO_BE_FOUND,
)
def masks_without_points(annotation) -> bool:
    """A person has "dp_masks", but none of the five lists of points."""
    return not any(field in annotation for field in POINT_FIELDS)


@check(Scope.LABELS, DROPPED, _LEFT_OUT, evaluation=_NOT_TO_BE_FOUND)
def point_list_missing(annotation) -> bool:
    """Some of dp_x, dp_y, dp_I, dp_U, dp_V are missing, but not all."""
    return not all(field in annotation for field in POINT_FIELDS)


@check(Scope.LABELS, DROPPED, _LEFT_OUT, evaluation=_NOT_TO_BE_FOUND)
def point_list_no_list(annotation) -> bool:
    """One of dp_x, dp_y, dp_I, dp_U, dp_V is not a list."""
    return not all(isinstance(annotation[field], list) for field in POINT_FIELDS)


@check(Scope.LABELS, DROPPED, _LEFT_OUT, evaluation=_NOT_TO_BE_FOUND)
def point_list_no_numbers(annotation) -> bool:
    """One of dp_x, dp_y, dp_I, dp_U, dp_V has a value that is not a number."""
    return any(numbers(annotation[field]) is None for field in POINT_FIELDS)


@check(Scope.LABELS, DROPPED, _LEFT_OUT, evaluation=_NOT_TO_BE_FOUND)
def point_lists_of_different_length(annotation) -> bool:
    """The lists dp_x, dp_y, dp_I, dp_U, dp_V differ in length."""
    return len({len(annotation[field]) for field in POINT_FIELDS}) > 1


@check(
    Scope.LABELS,
    REPAIRED,
    "the person's box is used, and part masks if there are any",
    evaluation=(REPAIRED, "the person does not have to be found"),
)
def no_points(annotation) -> bool:
    """The lists dp_x, dp_y, dp_I, dp_U, dp_V are empty."""
    return not annotation["dp_x"]


def _remove_true_labels(annotation) -> None:
    for name in (*TRUE_FIELDS, TRUE_PART_FIELD):
        annotation.pop(name, None)


@check(
    Scope.LABELS,
    REPAIRED,
    "training does not read them",
    _remove_true_labels,
    evaluation=(REPAIRED, "the true labels of the person's points are unknown"),
)
def true_labels_malformed(annotation) -> bool:
    """The labels before the annotator's error (dp_U_true, ...) are no lists of a number a point."""
    names = [name for name in (*TRUE_FIELDS, TRUE_PART_FIELD) if name in annotation]
    columns = {
        name: column
        for name in names
        if (column := finite_numbers(annotation[name])) is not None
        and len(column) == len(annotation["dp_x"])
    }
    if len(columns) < len(names) or len(columns.keys() & set(TRUE_FIELDS)) == 1:
        return True
    part = columns.pop(TRUE_PART_FIELD, np.ones(1))
    uv = np.concatenate([np.zeros(0), *columns.values()])
    in_range = (part == np.round(part)) & (part >= 1) & (part <= NUM_PARTS)
    return not in_range.all() or bool(_off_chart(uv).any())


def _off_chart(uv: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(uv - 0.5) > 0.5 + _UV_TOLERANCE)


@check(Scope.POINTS, DROPPED, _POINT_LEFT_OUT)
def point_not_finite(points) -> np.ndarray:
    """A value of a point is NaN or infinite."""
    columns = np.column_stack([points.xy, points.part, points.uv])
    return ~np.isfinite(columns).all(axis=1)


@check(Scope.POINTS, DROPPED, _POINT_LEFT_OUT)
def part_background(points) -> np.ndarray:
    """The part of a point is 0, the background."""
    return points.part == 0


@check(Scope.POINTS, DROPPED, _POINT_LEFT_OUT)
def part_out_of_range(points) -> np.ndarray:
    """The part of a point is negative or above 24."""
    return (points.part < 0) | (points.part > NUM_PARTS)


@check(Scope.POINTS, DROPPED, _POINT_LEFT_OUT)
def part_fractional(points) -> np.ndarray:
    """The part of a point is not a whole number."""
    return points.part != np.round(points.part)


@check(Scope.POINTS, DROPPED, _POINT_LEFT_OUT)
def uv_outside_chart(points) -> np.ndarray:
    """U or V of a point lies outside [0, 1] by more than 0.001."""
    return np.asarray(_off_chart(points.uv).any(axis=1))


@check(Scope.POINTS, DROPPED, _POINT_LEFT_OUT)
def point_outside_box(points) -> np.ndarray:
    """dp_x or dp_y of a point lies outside [0, 255], that is outside the box."""
    return ((points.xy < 0) | (points.xy > DP_EXTENT)).any(axis=1)


@check(Scope.POINTS, DROPPED, _POINT_LEFT_OUT)
def point_outside_image(points) -> np.ndarray:
    """A point lies outside the image, in a box that reaches beyond it."""
    return ((points.xy_image < 0) | (points.xy_image > [points.width, points.height])).any(axis=1)


@check(Scope.POINTS, REPAIRED, "it is read as a whole number")
def part_as_float(points) -> np.ndarray:
    """The part of a point has a decimal point, as in DensePose-COCO."""
    return points.part_is_float


@check(Scope.POINTS, REPAIRED, "the point is used; it lies on the edge of the box")
def point_on_box_edge(points) -> np.ndarray:
    """dp_x or dp_y of a point is exactly 0 or 255."""
    on_edge = (points.xy == 0) | (points.xy == DP_EXTENT)
    return on_edge[:, 0] | on_edge[:, 1]
