"""What remains of an annotation file when what is illegal is taken out, by `format_rules` alone.

Of a whole file that was changed, the remains are the whole file without what has become illegal.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.uncertain_densepose.data.annotation_checks.format_rules import (
    POINT_LISTS,
    TRUE_LISTS,
    any_mask,
    are_keypoints,
    are_numbers,
    are_part_masks,
    are_true_labels,
    is_box,
    is_flag,
    is_id,
    is_mask,
    is_number,
    is_point,
    is_polygon,
    is_whole,
    person_category,
)

IMAGE_FIELDS = ("id", "file_name", "width", "height", "has_no_densepose")
PERSON_FIELDS = (
    *("id", "image_id", "category_id", "iscrowd", "ignore", "bbox", "area", "segmentation"),
    *("keypoints", "has_no_densepose", "dp_masks", *POINT_LISTS, *TRUE_LISTS),
)
"""What is read; other fields must not matter."""


@dataclass
class Remains:
    """What training and evaluation must use of a file.

    Attributes:
        content: the file with its legal values alone; None if it has to be refused as a whole.
        lost: how many annotations, points, ... are left out of training or replaced by a default.
        not_evaluated: how many annotations are left out of evaluation.
        people, points: how many are trained.
        may_be_refused: whether so little remains, or so much has a common fault, that it may be.
    """

    content: dict | None
    lost: Counter = field(default_factory=Counter)
    not_evaluated: int = 0
    people: int = 0
    points: int = 0
    may_be_refused: bool = True


def remains(content: Any, areas: dict[str, float]) -> Remains:
    """What remains of a parsed file.

    Args:
        content: it is not changed.
        areas: of known segmentations, by `json.dumps`, for people without a legal area.
    """
    if not is_whole(content):
        return Remains(None)
    images = {image["id"]: image for image in content["images"]}
    kept_images = [
        {name: image[name] for name in IMAGE_FIELDS if name in image}
        for image in content["images"]
        if not image.get("has_no_densepose")
    ]
    person_id = person_category(content["categories"])
    result = Remains({"images": kept_images, "categories": content["categories"]})
    result.content["annotations"] = []
    off_chart = seen = with_mask = 0
    for one in content["annotations"]:
        if not _is_usable(one, images, person_id):
            result.lost["annotations"] += 1
            result.not_evaluated += 1
            continue
        is_trained = not (one.get("iscrowd") or one.get("ignore"))
        lost: Counter = Counter()
        kept = _remaining_person(one, images[one["image_id"]], areas, lost)
        kept["iscrowd"] = int(not is_trained)
        result.content["annotations"].append(kept)
        if not is_trained:
            result.lost["annotations"] += 1
            continue
        result.lost += lost
        result.people += 1
        points = len(kept.get("dp_x", []))
        result.points += points
        with_mask += points > 0 and bool(kept.get("segmentation") or any_mask(kept))
        seen += points + lost["points"]
        off_chart += lost["points"]
    few = result.people == 0 or result.points == 0 or with_mask == 0
    result.may_be_refused = few or 2 * off_chart > seen
    return result


def _is_usable(one: Any, images: dict[int, dict], person: int | None) -> bool:
    return (
        isinstance(one, dict)
        and is_id(one.get("id"))
        and is_id(one.get("image_id"))
        and one["image_id"] in images
        and not images[one["image_id"]].get("has_no_densepose")
        and is_id(one.get("category_id"))
        and one["category_id"] == person
        and is_flag(one.get("iscrowd"))
        and is_box(one.get("bbox"), images[one["image_id"]])
    )


def _remaining_person(one: dict, image: dict, areas: dict[str, float], lost: Counter) -> dict:
    kept = {name: one[name] for name in PERSON_FIELDS if name in one and name != "ignore"}
    size = image["height"], image["width"]
    _keep_segmentation(kept, size, lost)
    largest = max(size[0] * size[1], kept["bbox"][2] * kept["bbox"][3])
    if not (is_number(kept.get("area")) and 0 <= kept["area"] <= largest):
        lost["areas"] += 1
        kept.pop("area", None)
        known = areas.get(json.dumps(kept.get("segmentation")))
        if known is not None:
            kept["area"] = known
    if "keypoints" in kept and not are_keypoints(kept["keypoints"]):
        lost["keypoints"] += 1
        del kept["keypoints"]
    _keep_labels(kept, image, lost)
    kept.pop("has_no_densepose", None)
    return kept


def _keep_segmentation(kept: dict, size: tuple[int, int], lost: Counter) -> None:
    whole = kept.get("segmentation")
    polygons = [p for p in whole if is_polygon(p, *size)] if isinstance(whole, list) else []
    if isinstance(whole, list):
        # A list without one is counted as malformed, the lines in it also as polygons.
        lost["polygons"] += bool(polygons) and len(polygons) < len(whole)
        kept["segmentation"] = polygons
    if not polygons and not is_mask(whole, *size):
        lost["segmentations"] += 1
        kept.pop("segmentation", None)


def _keep_labels(kept: dict, image: dict, lost: Counter) -> None:
    present = [name for name in POINT_LISTS if name in kept]
    masks = kept.get("dp_masks")
    if not present and not any_mask(kept):
        kept.pop("dp_masks", None)
        return
    readable = len(present) == 5 and all(are_numbers(kept[name]) for name in present)
    if (
        not readable
        or len({len(kept[name]) for name in present}) > 1
        or kept.get("has_no_densepose")
    ):
        lost["labels"] += 1
        for name in (*POINT_LISTS, *TRUE_LISTS, "dp_masks"):
            kept.pop(name, None)
        return
    if not are_true_labels(kept, len(kept["dp_x"])):
        lost["true labels"] += 1
        for name in TRUE_LISTS:
            kept.pop(name, None)
    rows = zip(*(kept[name] for name in POINT_LISTS), strict=True)
    legal = [is_point(*row, kept["bbox"], image) for row in rows]
    lost["points"] += legal.count(False)
    for name in (*POINT_LISTS, *TRUE_LISTS):
        if name in kept:
            kept[name] = [v for v, good in zip(kept[name], legal, strict=True) if good]
    if not are_part_masks(masks):
        lost["part masks"] += 1
        del kept["dp_masks"]
