"""Result files, checked: detections with quantised dense pose, of whatever model.

A result file is a JSON array of records as in COCO's result files: `image_id`, `category_id`,
`bbox` (x, y, width, height in pixels), `score`, and dense pose in one of the forms of `iuv_codec`.
The records of an image may be anywhere in the file. Files may be larger than memory: only the
positions of records are kept, and dense pose is decoded image by image.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import FieldError, UserError
from ..detections.gps_ap import MAX_DETECTIONS
from ..detections.iuv_detections import IUVDetections
from ..ground_truth.ground_truth import AnnotatedImage, GroundTruth
from .iuv_codec import decode_iuv
from .json_records import JsonArrayError, Span, read_element, scan_array

_EDGE_TOLERANCE = 1.0
"""Pixels by which a box may reach beyond the image, for rounding."""


class ResultFileError(UserError, ValueError):
    """A result that cannot be used. The message is one line with file, index and field.

    Attributes:
        field: the name of the field, "" if the file as a whole is wrong.
    """

    def __init__(self, message: str, field: str = ""):
        super().__init__(message)
        self.field = field


def refuse(error: ResultFileError) -> None:
    """Raise the error: a result that cannot be used stops the evaluation.

    Raises:
        ResultFileError: always.
    """
    raise error


@dataclass
class LeftOut:
    """Counts results that cannot be used and leaves them out: the alternative to `refuse`.

    Attributes:
        counts: the number of them by field.
        examples: the first error of each field.
    """

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, ResultFileError] = field(default_factory=dict)

    def __call__(self, error: ResultFileError) -> None:
        self.counts[error.field] = self.counts.get(error.field, 0) + 1
        self.examples.setdefault(error.field, error)

    def warnings(self) -> list[str]:
        """One line for each field."""
        return [
            f"{count} results left out because of field '{name}', the first: {self.examples[name]}"
            for name, count in self.counts.items()
        ]


@dataclass(frozen=True)
class _Entry:
    """A record without its dense pose, and its place in the file."""

    index: int
    span: Span
    category: int
    score: float
    box: tuple[float, float, float, float]


class ResultFile:
    """The results of a data set's images.

    Args:
        path: the file.
        ground_truth: the annotations of the images.
        complain: called with the error of each result that cannot be used, `refuse` or a `LeftOut`;
            if it returns, the result is left out.

    Attributes:
        num_results: the number of usable records, before their dense pose is decoded.
        num_beyond: how many of them are not among the 20 highest scores of their image.
        num_passed_over: the number of records of other categories than that of people, or in images
            that are not evaluated; whatever else they have is not read.

    Raises:
        FileNotFoundError: there is no such file.
        ResultFileError: the file is not a JSON array, whatever `complain` does.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        ground_truth: GroundTruth,
        complain: Callable[[ResultFileError], None] = refuse,
    ):
        self._path = os.fspath(path)
        self._ground_truth = ground_truth
        self._complain = complain
        self._entries: dict[int, list[_Entry]] = defaultdict(list)
        self.num_passed_over = 0
        ids: set = set()
        try:
            for index, (span, record) in enumerate(scan_array(self._path)):
                try:
                    image_id, entry = self._entry(index, span, record, ids)
                except FieldError as error:
                    complain(self._error(index, error))
                else:
                    if entry is None:
                        self.num_passed_over += 1
                    else:
                        self._entries[image_id].append(entry)
        except JsonArrayError as error:
            raise ResultFileError(f"{self._path}: {error}") from error
        numbers = [len(entries) for entries in self._entries.values()]
        self.num_results = sum(numbers)
        self.num_beyond = sum(max(number - MAX_DETECTIONS, 0) for number in numbers)
        for entries in self._entries.values():
            entries.sort(key=lambda entry: -entry.score)

    def __iter__(self) -> Iterator[tuple[AnnotatedImage, IUVDetections]]:
        """All annotated images, each with its detections with the 20 highest scores.

        Raises:
            ResultFileError: by `complain`, for dense pose that cannot be decoded; or the file has
                changed since it was opened.
        """
        for image in self._ground_truth:
            try:
                yield image, self._detections(self._entries.get(image.image_id, []))
            except JsonArrayError as error:
                raise ResultFileError(f"{self._path}: {error}") from error

    def _detections(self, entries: list[_Entry]) -> IUVDetections:
        found: list[_Entry] = []
        arrays: list[np.ndarray] = []
        for entry in entries:
            if len(found) == MAX_DETECTIONS:
                break
            try:
                record = read_element(self._path, entry.span)
                if not isinstance(record, dict):
                    raise JsonArrayError("has changed while it was read")
                arrays.append(decode_iuv(record, np.array(entry.box)))
            except FieldError as error:
                self._complain(self._error(entry.index, error))
            else:
                found.append(entry)
        return IUVDetections(
            category=np.array([entry.category for entry in found], dtype=np.int64),
            score=np.array([entry.score for entry in found], dtype=np.float64),
            boxes=np.array([entry.box for entry in found], dtype=np.float64).reshape(-1, 4),
            iuv=arrays,
        )

    def _entry(self, index: int, span: Span, record: object, ids: set) -> tuple[int, _Entry | None]:
        """A record's image and entry; None in place of one that is passed over.

        Raises:
            FieldError: a field is missing or wrong.
        """
        if not isinstance(record, dict):
            raise FieldError("image_id", "is missing: the result is not a JSON object")
        if "id" in record:
            if read_key(record, "id") in ids:
                raise FieldError("id", f"is {record['id']!r}, which another result has too")
            ids.add(record["id"])
        image_id, category_id = read_key(record, "image_id"), read_key(record, "category_id")
        truth = self._ground_truth
        if image_id in truth.left_out or category_id in truth.other_categories:
            return image_id, None
        if image_id not in self._ground_truth:
            known = self._ground_truth.json_file
            raise FieldError("image_id", f"is {image_id!r}, which is not an image of {known}")
        if category_id not in self._ground_truth.categories:
            categories = list(self._ground_truth.categories)
            raise FieldError("category_id", f"is {category_id!r}, expected one of {categories}")
        category = self._ground_truth.categories[category_id]
        image = self._ground_truth[image_id]
        box = _read_box(record, image.height, image.width)
        if not _is_number(record.get("score")):
            raise FieldError("score", f"is {record.get('score')!r}, not a finite number")
        return image_id, _Entry(index, span, category, float(record["score"]), box)

    def _error(self, index: int, error: FieldError) -> ResultFileError:
        return ResultFileError(f"{self._path}: result {index}: {error}", error.field)


def _is_number(value: object) -> bool:
    """Whether a value is a finite number: Python's JSON may have NaN, infinities and huge
    integers."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= sys.float_info.max


def read_key(record: dict, field: str) -> Any:
    """An identifier of a record, int or str.

    Raises:
        FieldError: it is missing, or neither.
    """
    value = record.get(field)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        found = f"is {value!r}, not an integer or a string" if field in record else "is missing"
        raise FieldError(field, found)
    return value


def _read_box(record: dict, height: int, width: int) -> tuple[float, float, float, float]:
    box = record.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        raise FieldError("bbox", "is not a list of four finite numbers (x, y, width, height)")
    x, y, w, h = map(float, box)
    if w <= 0 or h <= 0:
        raise FieldError("bbox", f"has no area: {w:g} x {h:g} pixels")
    beyond = max(-x, -y, x + w - width, y + h - height)
    if beyond > _EDGE_TOLERANCE:
        raise FieldError(
            "bbox", f"reaches {beyond:g} pixels beyond the image of {width} x {height} pixels"
        )
    return x, y, w, h
