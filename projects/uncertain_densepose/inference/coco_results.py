"""Results in the format of the COCO-DensePose evaluations: a JSON array of detections.

A record has `image_id`, `category_id`, `bbox` (x, y, width, height in pixels), `score`, and for the
pixels of the box an array (3, h, w) uint8: chart, 255 U and 255 V.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np

from .dense_person import DensePerson
from .person import POINTS_PER_READ

PERSON_CATEGORY_ID = 1
"""COCO's id of the category person."""

_QUANTA = 255


def _png_text(iuv: np.ndarray) -> str:
    """An array (3, h, w) uint8 as a base64 PNG, with I, U, V as red, green, blue."""
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(iuv[::-1].transpose(1, 2, 0)))
    return base64.b64encode(encoded.tobytes()).decode("ascii")


ENCODINGS: dict[str, Callable[[np.ndarray], dict]] = {
    "png": lambda iuv: {
        "densepose": {"shape_chw": list(iuv.shape), "labels_uv_str": _png_text(iuv)}
    },
    "lists": lambda iuv: {"densepose": iuv.tolist()},
    "challenge": lambda iuv: {"uv_shape": list(iuv.shape), "uv_data": _png_text(iuv)},
}
"""The record's fields for the array: DensePose's compressed chart result, nested lists, or the form
of the 2018 and 2019 challenges."""


def coco_results(
    people: Sequence[DensePerson],
    image_id: int | str,
    category_id: int = PERSON_CATEGORY_ID,
    encoding: str = "png",
) -> list[dict]:
    """The detections of an image, ready for `json.dump`.

    Args:
        people: found in the image. Boxes are clipped to the image; people without a pixel in it
            are left out.
        image_id: the image's id in the annotation file.
        category_id: the people's category there.
        encoding: a key of `ENCODINGS`.

    Raises:
        ValueError: there is no such encoding.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {', '.join(ENCODINGS)}, not {encoding!r}")
    records = []
    for person in people:
        x0, y0, x1, y1 = person.window
        if x0 == x1 or y0 == y1:
            continue
        box = _box_in_image(person)
        records.append(
            {
                "image_id": image_id,
                "category_id": category_id,
                "bbox": box.tolist(),
                "score": person.score,
                **ENCODINGS[encoding](quantised_iuv(person, box)),
            }
        )
    return records


def write_coco_results(path: str | os.PathLike, records: Iterable[dict]) -> int:
    """Write the records of all images as one JSON array, a line each; returns their number.

    Records may come from a generator: only one is in memory at a time.
    """
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        file.write("[")
        for record in records:
            file.write(("," if count else "") + "\n" + json.dumps(record))
            count += 1
        file.write("\n]\n")
    return count


def quantised_iuv(person: DensePerson, box_xywh: np.ndarray) -> np.ndarray:
    """Charts and quantised coordinates on the pixel grid of a box.

    The grid starts at the corner of the box, wherever that lies in the image. Each pixel is read
    at its centre, or at the edge of the box if that comes first.

    Args:
        box_xywh: (4,) pixels.

    Returns:
        (3, h, w) uint8: chart, and 255 u and 255 v, rounded; all 0 on background. h and w are the
        sides of the box, rounded up.
    """
    corner, side = box_xywh[:2], box_xywh[2:]
    width, height = np.ceil(side).astype(int).tolist()
    x, y = (
        corner[axis] + np.minimum(np.arange(count) + 0.5, side[axis])
        for axis, count in enumerate((width, height))
    )
    # In the order of a PNG's pixels: blue, green, red.
    vui = np.zeros((height, width, 3), dtype=np.uint8)
    step = max(POINTS_PER_READ // width, 1)
    for first in range(0, height, step):
        rows = vui[first : first + step]
        xy = np.stack(np.meshgrid(x, y[first : first + step]), axis=-1).reshape(-1, 2)
        part, uv = person.part_and_uv_at(xy)
        known = (part > 0) & np.isfinite(uv).all(axis=1)
        quantised = np.rint(np.clip(uv, 0, 1) * _QUANTA)
        values = np.where(known, np.column_stack([quantised[:, ::-1], part]).T, 0).T
        rows[:] = values.reshape(rows.shape)
    return vui.transpose(2, 0, 1)[::-1]


def _box_in_image(person: DensePerson) -> np.ndarray:
    """(4,) float64 x, y, width, height of the box clipped to the image, pixels."""
    height, width = person.image_size
    x0, x1 = np.clip(person.box_xyxy[[0, 2]].astype(np.float64), 0, width)
    y0, y1 = np.clip(person.box_xyxy[[1, 3]].astype(np.float64), 0, height)
    return np.array([x0, y0, x1 - x0, y1 - y0])
