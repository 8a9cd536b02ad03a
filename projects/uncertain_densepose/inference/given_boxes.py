"""Boxes of people that another detector found, from a COCO result file."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

import numpy as np

from ..errors import FieldError, UserError, missing
from ..evaluation.files.json_records import JsonArrayError, scan_array
from ..evaluation.files.result_file import read_key


class BoxFileError(UserError, ValueError):
    """A file of boxes that cannot be used. The message names file, index and field."""


class GivenBoxes:
    """The boxes of people by image.

    Args:
        path: a JSON list of records with `image_id`, `bbox` (x, y, width, height in pixels) and,
            if there are any, `category_id` and `score`, as COCO's evaluators read them.
        category_id: of people; records of other categories are passed over.
        score_threshold: boxes with a lower score are left out; a box without one has 1.
        image_ids: of images by path; by default an image's id is its name, or the number that the
            name of its file is.

    Attributes:
        path: of the file.

    Raises:
        BoxFileError: the file is missing or not such a list, or a record cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        category_id: int,
        score_threshold: float = 0.0,
        image_ids: Mapping[Path, int | str] | None = None,
    ):
        self.path = os.fspath(path)
        self._image_ids = image_ids
        self._boxes: dict[int | str, list[tuple[float, ...]]] = defaultdict(list)
        if not os.path.isfile(self.path):
            raise BoxFileError(missing(self.path, "no such file of boxes"))
        try:
            for index, (_, record) in enumerate(scan_array(self.path)):
                try:
                    self._add(record, category_id, score_threshold)
                except FieldError as error:
                    raise BoxFileError(f"{self.path}: result {index}: {error}") from error
        except JsonArrayError as error:
            raise BoxFileError(f"{self.path}: {error}") from error

    def _add(self, record: object, category_id: int, score_threshold: float) -> None:
        if not isinstance(record, dict):
            raise FieldError("image_id", "is missing: the result is not a JSON object")
        if record.get("category_id", category_id) != category_id:
            return
        image_id = read_key(record, "image_id")
        box, score = record.get("bbox"), record.get("score", 1.0)
        if not isinstance(box, list) or len(box) != 4 or not all(map(_is_finite, box)):
            raise FieldError("bbox", "is not a list of four finite numbers (x, y, width, height)")
        x, y, width, height = map(float, box)
        if width <= 0 or height <= 0:
            raise FieldError("bbox", f"has no area: {width:g} x {height:g} pixels")
        if not _is_finite(score):
            raise FieldError("score", f"is {score!r}, not a finite number")
        if score >= score_threshold:
            self._boxes[image_id].append((x, y, x + width, y + height, float(score)))

    def of(self, name: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
        """The boxes of an image, the highest score first.

        Args:
            name: of the image, without suffix. path: of its file.

        Returns:
            (N, 4) float32 edges in pixels, and (N,) float32 scores.
        """
        found = np.array(self._boxes.get(self._id(name, path), []), np.float32).reshape(-1, 5)
        ordered = found[np.argsort(-found[:, 4], kind="stable")]
        return ordered[:, :4], ordered[:, 4]

    def _id(self, name: str, path: Path) -> int | str:
        if self._image_ids is not None:
            return self._image_ids[path]
        is_number = path.stem.isascii() and path.stem.isdigit()
        candidates = (name, path.name, *([int(path.stem)] if is_number else []))
        return next((one for one in candidates if one in self._boxes), name)

    def knows(self, name: str, path: Path) -> bool:
        """Whether an image, or a frame of a video of that name, has boxes."""
        frames = f"{name}/"
        return self._id(name, path) in self._boxes or any(
            isinstance(one, str) and one.startswith(frames) for one in self._boxes
        )


def _is_finite(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) < 1e9
        and math.isfinite(value)
    )
