"""Predictions as files: a COCO-style list of boxes, and the maps of an image's people."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from .person import Person

PERSON_CATEGORY_ID = 1
"""COCO's category of people."""

MAP_NAMES = ("part", "uv", "covariance_uv", "sigma_uv", "sigma_cm")
"""The maps of a :class:`Person` that are saved; those that a model lacks are left out."""


def result_records(people: Sequence[Person], image_name: str, maps_name: str) -> list[dict]:
    """One record a person, ready for `json.dump`.

    Args:
        people: of one image.
        image_name: the image's file, as the records shall name it.
        maps_name: the file of :func:`save_maps`, as the records shall name it.

    Returns:
        Dicts with `file_name`, `category_id`, `bbox` (x, y, width, height in pixels), `score`,
        `maps` (the file), `person` (the number in that file) and `window` (x0, y0, x1, y1).
    """
    records = []
    for index, person in enumerate(people):
        x0, y0, x1, y1 = (float(edge) for edge in person.box_xyxy)
        records.append(
            {
                "file_name": image_name,
                "category_id": PERSON_CATEGORY_ID,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "score": person.score,
                "maps": maps_name,
                "person": index,
                "window": list(person.window),
            }
        )
    return records


def save_maps(path: str | os.PathLike, people: Sequence[Person]) -> None:
    """Write the maps of an image's people as one compressed `.npz`.

    Keys are `num_people`, and for person i `<i>/window` (x0, y0, x1, y1), `<i>/part` (h, w) uint8
    and the other `MAP_NAMES` as float32; `<i>/covariance_uv`, `<i>/sigma_uv` and `<i>/sigma_cm`
    only where the model has a noise model.
    """
    arrays = {"num_people": np.array(len(people))}
    for index, person in enumerate(people):
        arrays[f"{index}/window"] = np.array(person.window)
        for name in MAP_NAMES:
            values = getattr(person, name)
            if values is not None:
                arrays[f"{index}/{name}"] = values.astype(np.uint8) if name == "part" else values
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)
