"""What is legal in an annotation file by its published format, docs/ANNOTATIONS.md, the slow way.

A second opinion on `data.annotation_checks`, with which it shares no code: value by value, in plain
Python.
"""

from __future__ import annotations

import functools
import math
from typing import Any

POINT_LISTS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
TRUE_LISTS = ("dp_U_true", "dp_V_true", "dp_I_true")


def is_number(value: Any) -> bool:
    """Whether a value is a number that floats can hold; NaN and infinities are, True is not."""
    try:
        return type(value) in (int, float) and float(value) is not None
    except OverflowError:
        return False


def are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(map(is_number, values))


def are_finite(values: Any) -> bool:
    return are_numbers(values) and all(math.isfinite(value) for value in values)


def is_id(value: Any) -> bool:
    return type(value) is int and -(2**63) < value < 2**63


def is_text(value: Any) -> bool:
    return (
        isinstance(value, str)
        and value != ""
        and not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    )


def stays_in_folder(name: str) -> bool:
    depth = 0
    for step in name.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(step, 1)
        if depth < 0:
            return False
    return not name.startswith("/")


def is_image(image: Any) -> bool:
    return (
        isinstance(image, dict)
        and is_id(image.get("id"))
        and is_text(image.get("file_name"))
        and stays_in_folder(image["file_name"])
        and all(type(image.get(side)) is int and image[side] > 0 for side in ("width", "height"))
        and image["width"] * image["height"] <= 178_956_970
    )


def is_category(category: Any) -> bool:
    return (
        isinstance(category, dict) and is_id(category.get("id")) and is_text(category.get("name"))
    )


def person_category(categories: list) -> int | None:
    """The id of the category of people, None where there is not exactly one."""
    named = [c["id"] for c in categories if c["name"].strip().lower() == "person"]
    if not named and len(categories) == 1:
        named = [categories[0]["id"]]
    return named[0] if len(named) == 1 else None


def is_whole(content: Any) -> bool:
    """Whether images and categories are legal: without them nothing can be read."""
    if not isinstance(content, dict):
        return False
    lists = [content.get(name) for name in ("images", "annotations", "categories")]
    if not all(isinstance(one, list) for one in lists):
        return False
    images, _, categories = lists
    return (
        all(map(is_image, images))
        and all(map(is_category, categories))
        and all(len({one["id"] for one in many}) == len(many) for many in (images, categories))
        and person_category(categories) is not None
    )


@functools.lru_cache(maxsize=10_000)
def decoded(counts: str) -> tuple[int, ...] | None:
    """COCO's compressed run lengths, number by number; None if they break off or have other
    characters."""
    numbers: list[int] = []
    value = shift = 0
    for letter in counts:
        code = ord(letter) - 48
        if not 0 <= code < 64:
            return None
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        value -= (1 << shift) if code & 16 else 0
        numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
        value = shift = 0
    return None if shift else tuple(numbers)


def is_mask(mask: Any, height: int, width: int) -> bool:
    if not isinstance(mask, dict) or not isinstance(mask.get("size"), list):
        return False
    if [type(side) for side in mask["size"]] != [int, int] or mask["size"] != [height, width]:
        return False
    counts = mask.get("counts")
    lengths = decoded(counts) if isinstance(counts, str) else counts
    return (
        isinstance(lengths, list | tuple)
        and all(type(length) is int and length >= 0 for length in lengths)
        and sum(lengths) == height * width
    )


def is_polygon(polygon: Any, height: int, width: int) -> bool:
    return (
        are_finite(polygon)
        and len(polygon) >= 6
        and len(polygon) % 2 == 0
        and all(-width <= x <= 2 * width for x in polygon[::2])
        and all(-height <= y <= 2 * height for y in polygon[1::2])
    )


def is_box(box: Any, image: dict) -> bool:
    """Whether a box has an area, some of it in the image, and does not reach far beyond."""
    if not are_finite(box) or len(box) != 4:
        return False
    for low, size, side in ((box[0], box[2], "width"), (box[1], box[3], "height")):
        if size <= 0 or low >= image[side] or low + size <= 0:
            return False
        if low < -image[side] or image[side] - low - size < -image[side]:
            return False
    return True


def is_flag(flag: Any) -> bool:
    return flag is None or type(flag) in (bool, int, float) and flag in (0, 1)


def are_keypoints(values: Any) -> bool:
    return (
        are_finite(values)
        and len(values) == 51
        and all(abs(value) <= 1e6 for value in values)
        and all(flag in (0, 1, 2) for flag in values[2::3])
    )


def are_part_masks(masks: Any) -> bool:
    """One mask, or 14 or one in a list of which any may be [] or null; none at all passes too."""
    if isinstance(masks, dict):
        masks = [masks] if masks else []
    return masks is None or (
        isinstance(masks, list)
        and len(masks) in (0, 1, 14)
        and all(mask is None or mask == [] or is_mask(mask, 256, 256) for mask in masks)
    )


def on_chart(value: float) -> bool:
    return abs(value - 0.5) <= 0.5 + 1e-3


def is_part(value: float) -> bool:
    return 1 <= value <= 24 and value == int(value)


def is_point(x: float, y: float, part: float, u: float, v: float, box: list, image: dict) -> bool:
    if not all(map(math.isfinite, (x, y, part, u, v))):
        return False
    column, row = box[0] + x / 255 * box[2], box[1] + y / 255 * box[3]
    return (
        is_part(part)
        and on_chart(u)
        and on_chart(v)
        and 0 <= x <= 255
        and 0 <= y <= 255
        and 0 <= column <= image["width"]
        and 0 <= row <= image["height"]
    )


def are_true_labels(person: dict, num_points: int) -> bool:
    present = [name for name in TRUE_LISTS if name in person]
    if not all(are_finite(person[name]) and len(person[name]) == num_points for name in present):
        return False
    if ("dp_U_true" in present) != ("dp_V_true" in present):
        return False
    uv = [value for name in present[:2] if name != "dp_I_true" for value in person[name]]
    return all(map(on_chart, uv)) and all(map(is_part, person.get("dp_I_true", [])))


def any_mask(person: dict) -> bool:
    masks = person.get("dp_masks")
    if isinstance(masks, list):
        return any(mask is not None and mask != [] for mask in masks)
    return bool(masks)
