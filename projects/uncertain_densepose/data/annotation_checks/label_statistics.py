"""How the labels of a file fit its masks, as they are and under the usual mistakes.

Points are drawn on people, so they lie on their person's masks, each on the mask of its chart's
coarse part. If the points of a file fit only when they are read in another way, that other way is
how the file was written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...structures.coco_annotation import AnnotationError, read_segmentation
from ...structures.geometry import DP_EXTENT
from ...structures.point_annotations import MASK_SIZE
from ...structures.run_lengths import runs_of_masks
from ...surface.parts import FINE_TO_COARSE, FLIP_PARTS, NUM_PARTS
from .mask_checks import mask_entries
from .point_checks import PointColumns

AS_THEY_ARE = "as they are"

POSITION_READINGS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    AS_THEY_ARE: lambda xy, box: xy,
    "multiplied by 255: they are fractions of the box": lambda xy, box: DP_EXTENT * xy,
    "as pixels of the image": lambda xy, box: DP_EXTENT * (xy - box[:2]) / box[2:],
    "as pixels of the box": lambda xy, box: DP_EXTENT * xy / box[2:],
    "with dp_x and dp_y exchanged": lambda xy, box: xy[:, ::-1],
    "mirrored left to right": lambda xy, box: np.array([DP_EXTENT, 0]) + xy * [-1, 1],
    "mirrored top to bottom": lambda xy, box: np.array([0, DP_EXTENT]) + xy * [1, -1],
}
"""What (P, 2) `dp_x` and `dp_y` may have been meant to be, given the box (4,) XYWH."""

PART_READINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    AS_THEY_ARE: lambda part: part,
    "one higher: they are counted from 0": lambda part: part + 1,
    "one lower": lambda part: part - 1,
    "with left and right exchanged": lambda part: FLIP_PARTS[np.clip(part, 0, NUM_PARTS)],
}
"""What (P,) `dp_I` may have been meant to be."""

_ALL_OF_THE_FIRST = 200
_EVERY = 10
"""Of the people after the first two hundred, every tenth is measured."""


@dataclass
class LabelStatistics:
    """Counts over a file.

    Attributes:
        num_people: people with points.
        num_points: their points, measured or not.
        num_off_chart: points with U or V above 1.
        largest_uv: the largest U or V.
        num_placed: points of the measured people with masks.
        on_mask: of these, how many lie on their person's masks, by `POSITION_READINGS`.
        num_on_parts: points on one of several part masks.
        on_part: of these, how many lie on the mask of their own part, by `PART_READINGS`.
    """

    num_people: int = 0
    num_points: int = 0
    num_off_chart: int = 0
    largest_uv: float = 0.0
    num_placed: int = 0
    on_mask: dict[str, int] = field(default_factory=lambda: dict.fromkeys(POSITION_READINGS, 0))
    num_on_parts: int = 0
    on_part: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PART_READINGS, 0))

    def add(self, points: PointColumns, annotation: dict) -> None:
        """Count the points of a person.

        Args:
            points: all of them, as they are in the file.
            annotation: after its masks were checked.
        """
        self.num_people += 1
        self.num_points += len(points.part)
        finite = np.isfinite(points.xy).all(axis=1) & np.isfinite(points.part)
        uv = points.uv[np.isfinite(points.uv).all(axis=1)]
        self.num_off_chart += int((uv > 1 + 1e-3).any(axis=1).sum())
        self.largest_uv = max(self.largest_uv, float(uv.max(initial=0.0)))
        if self.num_people > _ALL_OF_THE_FIRST and self.num_people % _EVERY:
            return
        box = np.array(annotation["bbox"], dtype=np.float64)
        # Beyond, arithmetic overflows.
        near = finite & (np.abs(points.xy) < 1e6).all(axis=1)
        readings = [read(points.xy[near], box) for read in POSITION_READINGS.values()]
        if mask_entries(annotation):
            masks = annotation["dp_masks"]
            self._add_parts(np.concatenate(readings), points.part[near], masks)
        else:
            self._add_whole(np.concatenate(readings), box, annotation, points)

    def _add_parts(self, xy: np.ndarray, part: np.ndarray, masks: list | dict) -> None:
        cell = np.floor(xy / DP_EXTENT * MASK_SIZE)
        cell = np.where(xy == DP_EXTENT, MASK_SIZE - 1, cell)
        masks = [masks] if isinstance(masks, dict) else masks
        on = _on_masks(masks, cell)
        self._count(np.asarray(on.any(axis=0)))
        if len(masks) < 2 or sum(map(bool, masks)) < 2:
            return
        num_points = len(part)
        of_points = on[:, :num_points]
        here = of_points.any(axis=0) & (part == np.round(part)) & (np.abs(part) <= NUM_PARTS + 1)
        self.num_on_parts += int(here.sum())
        whole = part[here].astype(np.int64)
        for name, read in PART_READINGS.items():
            index = read(whole)
            valid = (index >= 1) & (index <= NUM_PARTS)
            coarse = FINE_TO_COARSE[np.where(valid, index, 0)] - 1
            own = of_points[:, here][coarse, np.arange(len(coarse))]
            self.on_part[name] += int((own & valid).sum())

    def _add_whole(
        self, xy: np.ndarray, box: np.ndarray, annotation: dict, points: PointColumns
    ) -> None:
        try:
            mask = read_segmentation(annotation, points.height, points.width)
        except AnnotationError:
            return
        self._count(_on_masks([mask], np.floor(box[:2] + xy / DP_EXTENT * box[2:])))

    def _count(self, on: np.ndarray) -> None:
        """Count (readings x points,) bool."""
        by_reading = on.reshape(len(POSITION_READINGS), -1)
        self.num_placed += by_reading.shape[1]
        for name, found in zip(POSITION_READINGS, by_reading, strict=True):
            self.on_mask[name] += int(found.sum())


def _on_masks(masks: Sequence[Any], column_and_row: np.ndarray) -> np.ndarray:
    """(M, P) bool, whether pixels (P, 2) are in the foreground of checked masks of one size.

    Args:
        masks: M of them; [] has no foreground.
    """
    on = np.zeros((len(masks), len(column_and_row)), dtype=bool)
    drawn = [index for index, mask in enumerate(masks) if mask]
    if drawn:
        height, width = masks[drawn[0]]["size"]
        column, row = column_and_row.T
        inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
        place = np.where(inside, column * height + row, 0)
        runs = runs_of_masks([masks[index]["counts"] for index in drawn])
        mask_begin = height * width * np.arange(len(drawn))[:, None]
        run = np.searchsorted(np.cumsum(runs.length), mask_begin + place, side="right")
        on[drawn] = inside & ((run - runs.first[:-1, None]) % 2 == 1)
    return on
