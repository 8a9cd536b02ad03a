"""Hand-written annotations with one oddity each, and what is to become of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from tests.uncertain_densepose.evaluation.scene import encoded

WIDTH, HEIGHT = 80, 64
NAN = float("nan")


def stripe(first: int, last: int, side: int = 256) -> dict:
    """A part mask of some rows."""
    mask = np.zeros((side, side))
    mask[first:last] = 1
    return encoded(mask)


MASKS = [stripe(20, 60), stripe(90, 256)] + [[] for _ in range(12)]


def annotation(**changes) -> dict:
    """A person with four points and nothing odd; `...` removes a field."""
    base = {
        "id": 5,
        "image_id": 1,
        "category_id": 1,
        "bbox": [4.0, 4.0, 40.0, 50.0],
        "area": 900.0,
        "iscrowd": 0,
        "segmentation": encoded(np.ones((HEIGHT, WIDTH))),
        "dp_x": [10.0, 127.5, 200.0, 30],
        "dp_y": [250.0, 51.0, 100.0, 30],
        "dp_I": [1, 24, 3, 4],
        "dp_U": [0.1, 0.2, 0.3, 1],
        "dp_V": [0.3, 0.4, 0.5, 0],
        "dp_masks": MASKS,
        "keypoints": [10, 10, 2] * 17,
    }
    return {k: v for k, v in (base | changes).items() if v is not ...}


@dataclass(frozen=True)
class Oddity:
    """One annotation and what is to be reported and trained of it.

    Attributes:
        changes: of `annotation`.
        findings: name of each check that finds something, and how much.
        kept: whether training uses the person.
        points: how many of its points; None if it has no labels.
        masks: the coarse parts of its masks.
        image: changes of the image's entry.
    """

    changes: dict
    findings: dict[str, int]
    kept: bool = True
    points: int | None = 4
    masks: set[int] = field(default_factory=lambda: {1, 2})
    image: dict = field(default_factory=dict)


def gone(name: str, /, image: dict | None = None, **changes) -> Oddity:
    """A person of whom nothing is left."""
    return Oddity(changes, {name: 1}, False, None, set(), image or {})


def unlabelled(name: str, /, **changes) -> Oddity:
    """A person of whom the box is left."""
    return Oddity(changes, {name: 1}, True, None, set())


def without_masks(name: str, /, **changes) -> Oddity:
    """A person of whom the points are left."""
    return Oddity(changes, {name: 1}, True, 4, set())


POINT_LISTS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
NO_POINTS = dict.fromkeys(POINT_LISTS, ...)

ODDITIES = {
    "nothing odd": Oddity({}, {}),
    "no labels": Oddity(NO_POINTS | {"dp_masks": ...}, {}, True, None, set()),
    "no labels, empty masks": Oddity(NO_POINTS | {"dp_masks": [[]] * 14}, {}, True, None, set()),
    # Part masks.
    "no dp_masks": without_masks("masks_missing", dp_masks=...),
    "null dp_masks": without_masks("masks_missing", dp_masks=None),
    "empty masks": without_masks("masks_empty", dp_masks=[[]] * 14),
    "an empty list of masks": without_masks("masks_empty", dp_masks=[]),
    "one mask in a list": Oddity(
        {"dp_masks": [stripe(5, 9)]}, {"one_mask_for_all_parts": 1}, masks={1}
    ),
    "one mask without a list": Oddity(
        {"dp_masks": stripe(5, 9)}, {"one_mask_for_all_parts": 1}, masks={1}
    ),
    "a single part mask": Oddity(
        {"dp_masks": [[]] * 13 + [stripe(5, 9)]}, {"one_part_mask": 1}, masks={14}
    ),
    "a mask without cells": Oddity(
        {"dp_masks": [*MASKS[:2], stripe(0, 0), *MASKS[3:]]}, {"mask_without_cells": 1}
    ),
    "uncompressed run lengths": Oddity(
        {
            "dp_masks": [
                MASKS[0],
                {"size": [256, 256], "counts": [256, 256**2 - 256]},
                *MASKS[2:],
            ]
        },
        {"mask_uncompressed": 1},
    ),
    "a dictionary of masks": without_masks("mask_no_run_lengths", dp_masks={"0": MASKS[0]}),
    "masks as a text": without_masks("masks_no_list", dp_masks="none"),
    "13 masks": without_masks("masks_of_wrong_number", dp_masks=MASKS[:13]),
    "a polygon for a mask": without_masks(
        "mask_no_run_lengths", dp_masks=[[1, 2, 3, 4, 5, 6], *MASKS[1:]]
    ),
    "a number for a mask": without_masks("mask_no_run_lengths", dp_masks=[7, *MASKS[1:]]),
    "a zero for a mask": without_masks("mask_no_run_lengths", dp_masks=[0, *MASKS[1:]]),
    "an empty object for a mask": without_masks("mask_no_run_lengths", dp_masks=[{}, *MASKS[1:]]),
    "a null for a mask": Oddity({"dp_masks": [None, *MASKS[1:]]}, {"one_part_mask": 1}, masks={2}),
    "a mask of another size": without_masks(
        "mask_of_wrong_size", dp_masks=[stripe(1, 9, 128), *MASKS[1:]]
    ),
    "a mask of no size": without_masks(
        "mask_of_wrong_size", dp_masks=[stripe(1, 9) | {"size": None}, *MASKS[1:]]
    ),
    "run lengths that are too short": without_masks(
        "mask_undecodable", dp_masks=[stripe(1, 9) | {"counts": "52"}, *MASKS[1:]]
    ),
    "run lengths that are none": without_masks(
        "mask_undecodable", dp_masks=[stripe(1, 9) | {"counts": "{not at all}"}, *MASKS[1:]]
    ),
    # Lists of points.
    "masks without points": unlabelled("masks_without_points", **NO_POINTS),
    "a list is missing": unlabelled("point_list_missing", dp_V=...),
    "a dictionary of points": unlabelled("point_list_no_list", dp_x={"0": 10.0, "1": 20.0}),
    "no list but null": unlabelled("point_list_no_list", dp_U=None),
    "a word among numbers": unlabelled("point_list_no_numbers", dp_x=["left", 1, 2, 3]),
    "a null among numbers": unlabelled("point_list_no_numbers", dp_I=[1, None, 2, 3]),
    "a list in a list": unlabelled("point_list_no_numbers", dp_I=[[1], 1, 2, 3]),
    "a truth value": unlabelled("point_list_no_numbers", dp_I=[True, 1, 2, 3]),
    "a number of 400 digits": unlabelled("point_list_no_numbers", dp_x=[10**400, 1, 2, 3]),
    "lists of different length": unlabelled("point_lists_of_different_length", dp_U=[0.1]),
    "flagged person": unlabelled("person_has_no_densepose", has_no_densepose=True),
    "empty lists": Oddity(dict.fromkeys(POINT_LISTS, []), {"no_points": 1}, points=0),
    # Points.
    "parts with a decimal point": Oddity({"dp_I": [1.0, 24.0, 3.0, 4]}, {"part_as_float": 3}),
    "points on edges": Oddity(
        {"dp_x": [0, 255.0, 20, 30], "dp_y": [50.0, 51.0, 255, 0]}, {"point_on_box_edge": 4}
    ),
    "not a number": Oddity(
        {"dp_x": [NAN, 1, 2, 3], "dp_V": [0.1, 0.2, float("inf"), 0.4]},
        {"point_not_finite": 2},
        points=2,
    ),
    "background": Oddity({"dp_I": [0, 1, 2, 0]}, {"part_background": 2}, points=2),
    "parts that there are none of": Oddity(
        {"dp_I": [-1, 1, 2, 25]}, {"part_out_of_range": 2}, points=2
    ),
    "half a part": Oddity({"dp_I": [1, 1, 2, 2.5]}, {"part_fractional": 1}, points=3),
    "parts beyond charts of 64 bits": Oddity(
        {"dp_I": [1, 2, 3, 1e300]}, {"part_out_of_range": 1}, points=3
    ),
    "coordinates beyond all charts": Oddity(
        {"dp_U": [0.1, 0.5, 1e308, -1e308]}, {"uv_outside_chart": 2}, points=2
    ),
    "points beyond all boxes": Oddity(
        {"dp_y": [1e308, -1e308, 51, 30]}, {"point_outside_box": 2}, points=2
    ),
    "true labels of another length": Oddity(
        {"dp_U_true": [0.5] * 3, "dp_V_true": [0.5] * 4}, {"true_labels_malformed": 1}
    ),
    "one true coordinate": Oddity({"dp_V_true": [0.5] * 4}, {"true_labels_malformed": 1}),
    "a true part that is none": Oddity({"dp_I_true": [1, 2, 3, 25]}, {"true_labels_malformed": 1}),
    "true labels that are no numbers": Oddity(
        {"dp_U_true": [0.5] * 4, "dp_V_true": None}, {"true_labels_malformed": 1}
    ),
    "coordinates outside of charts": Oddity(
        {"dp_U": [-0.01, 0.5, 1.0005, 37.0]}, {"uv_outside_chart": 2}, points=2
    ),
    "points outside of the box": Oddity(
        {"dp_y": [-1, 255.5, 3, 4]}, {"point_outside_box": 2}, points=2
    ),
    "no point is left": Oddity({"dp_I": [0, 0, 0, 0]}, {"part_background": 4}, points=0),
    "a point with several faults": Oddity(
        {"dp_I": [0, 1, 2, 3], "dp_x": [300, 1, 2, 3]}, {"part_background": 1}, points=3
    ),
    "points outside of the image": Oddity(
        {"bbox": [-20.0, 4.0, 60.0, 50.0], "dp_x": [10.0, 127.5, 200.0, 84.9]},
        {"box_beyond_image": 1, "point_outside_image": 2},
        points=2,
    ),
    # The person.
    "a crowd": gone("crowd", iscrowd=1),
    "ignored": gone("ignored", ignore=1),
    "a crowd without a box": gone("box_malformed", iscrowd=1, bbox=None),
    "an ignored person beyond the image": gone("box_outside_image", ignore=1, bbox=[80, 4, 9, 9]),
    "no box": gone("box_malformed", bbox=...),
    "a flag of a crowd that is none": gone("crowd_flag_malformed", iscrowd="no"),
    "a flag of a crowd that is not a number": gone("crowd_flag_malformed", iscrowd=NAN),
    "no flag of a crowd": Oddity({"iscrowd": ...}, {}),
    "a null for a crowd": Oddity({"iscrowd": None}, {}),
    "a number of 4000 digits in a box": gone("box_malformed", bbox=[4, 4, 10**4000, 50]),
    "a box larger than the image by far": gone("box_far_beyond_image", bbox=[4, 4, 1e9, 1e9]),
    "a box to the left of the image by far": gone(
        "box_far_beyond_image", bbox=[-90.0, 4.0, 100.0, 50.0]
    ),
    "no area": Oddity({"area": ...}, {"area_malformed": 1}),
    "a null for an area": Oddity({"area": None}, {"area_malformed": 1}),
    "a text for an area": Oddity({"area": "900"}, {"area_malformed": 1}),
    "an infinite area": Oddity({"area": float("inf")}, {"area_malformed": 1}),
    "a negative area": Oddity({"area": -1}, {"area_malformed": 1}),
    "an area beyond the image's": Oddity({"area": HEIGHT * WIDTH + 1}, {"area_malformed": 1}),
    "an area of 4000 digits": Oddity({"area": 10**4000}, {"area_malformed": 1}),
    "an empty list for a box": gone("box_malformed", bbox=[]),
    "a box with NaN": gone("box_malformed", bbox=[4.0, 4.0, NAN, 50.0]),
    "a dictionary for a box": gone("box_malformed", bbox={"x": 1}),
    "a box without width": gone("box_empty", bbox=[4.0, 4.0, 0.0, 50.0]),
    "a box of negative height": gone("box_empty", bbox=[4.0, 4.0, 5.0, -50.0]),
    "a box outside of the image": gone("box_outside_image", bbox=[80.0, 4.0, 10.0, 50.0]),
    "another category": gone("category_not_person", category_id=2),
    "no such category": gone("category_unknown", category_id=3),
    "no category": gone("category_unknown", category_id=...),
    "no such image": gone("image_unknown", image_id=999),
    "no image": gone("image_unknown", image_id=...),
    "no id": gone("annotation_malformed", id=...),
    "an id of null": gone("annotation_malformed", id=None),
    "an id that is a text": gone("annotation_malformed", id="5"),
    "an id that is not a number": gone("annotation_malformed", id=NAN),
    "an id beyond 64 bits": gone("annotation_malformed", id=2**63),
    "an image id that is a text": gone("image_unknown", image_id="1"),
    "an image id with a fraction": gone("image_unknown", image_id=1.5),
    "a category of null": gone("category_unknown", category_id=None),
    "segmentation missing": Oddity({"segmentation": ...}, {"segmentation_missing": 1}),
    "segmentation empty": Oddity({"segmentation": []}, {"segmentation_missing": 1}),
    "segmentation of another size": Oddity(
        {"segmentation": stripe(1, 9)}, {"segmentation_malformed": 1}
    ),
    "segmentation of no kind": Oddity({"segmentation": "none"}, {"segmentation_malformed": 1}),
    "segmentation undecodable": Oddity(
        {"segmentation": {"size": [HEIGHT, WIDTH], "counts": "52"}}, {"segmentation_malformed": 1}
    ),
    "segmentation uncompressed": Oddity(
        {"segmentation": {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH]}}, {}
    ),
    "segmentation by a line": Oddity(
        {"segmentation": [[1, 2, 3, 4]]}, {"segmentation_malformed": 1}
    ),
    "one polygon is a line": Oddity(
        {"segmentation": [[4, 4, 40, 4, 40, 50, 4, 50], [1, 2, 3, 4]]}, {"polygon_malformed": 1}
    ),
    "one polygon is not a number": Oddity(
        {"segmentation": [[4, 4, 40, 4, 40, 50, 4, 50], [1, 2, 3, 4, NAN, 6]]},
        {"polygon_malformed": 1},
    ),
    "one polygon is far from the image": Oddity(
        {"segmentation": [[4, 4, 40, 4, 40, 50, 4, 50], [1, 2, 3, 4, 1e308, 6]]},
        {"polygon_malformed": 1},
    ),
    "run lengths of no characters": Oddity(
        {"segmentation": {"size": [HEIGHT, WIDTH], "counts": ""}}, {"segmentation_malformed": 1}
    ),
    "a second mask of no characters": without_masks(
        "mask_undecodable", dp_masks=[MASKS[0], MASKS[1] | {"counts": ""}, *MASKS[2:]]
    ),
    "a second mask of zeros": without_masks(
        "mask_undecodable", dp_masks=[MASKS[0], MASKS[1] | {"counts": "0" * 999}, *MASKS[2:]]
    ),
    "a mask of a size with a fraction": without_masks(
        "mask_of_wrong_size", dp_masks=[MASKS[0] | {"size": [256.0, 256]}, *MASKS[1:]]
    ),
    "a mask as large as a country": without_masks(
        "mask_of_wrong_size", dp_masks=[MASKS[0] | {"size": [2 * 10**9] * 2}, *MASKS[1:]]
    ),
    "points without any mask": Oddity(
        {"dp_masks": [], "segmentation": ...},
        {"masks_empty": 1, "segmentation_missing": 1, "points_without_any_mask": 1},
        masks=set(),
    ),
    "visibilities that are none": Oddity(
        {"keypoints": [10, 10, 3] * 17}, {"keypoints_malformed": 1}
    ),
    "keypoints far away": Oddity({"keypoints": [1e308, 10, 2] * 17}, {"keypoints_malformed": 1}),
    "keypoints of another skeleton": Oddity({"keypoints": [1, 2, 2]}, {"keypoints_malformed": 1}),
    "no keypoints": Oddity({"keypoints": ...}, {}),
    # Its image.
    "flagged image": gone("image_left_out", image={"has_no_densepose": True}),
}

WHOLE_ID = 1000
"""Ids from here on are those of people with nothing odd, one beside each oddity."""


def coco(annotations: list[dict], images: list[dict]) -> dict:
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "cat"}],
    }


def image_entry(image_id: int, **changes) -> dict:
    entry = {"id": image_id, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}
    return entry | changes


def write_oddities(folder: Path) -> Path:
    """A file with one image for each of `ODDITIES`, by its place, and somebody else in each."""
    cv2.imwrite(str(folder / "a.png"), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    annotations, images = [], []
    for place, oddity in enumerate(ODDITIES.values(), start=1):
        images.append(image_entry(place, **oddity.image))
        annotations.append(annotation(**({"id": place, "image_id": place} | oddity.changes)))
        annotations.append(annotation(id=WHOLE_ID + place, image_id=place))
    path = folder / "oddities.json"
    path.write_text(json.dumps(coco(annotations, images)))
    return path
