"""The mask of an annotated person: the union of the annotated parts, or else the segmentation.

DensePose's evaluator uses `dp_masks` if there are any and `segmentation` otherwise; to do the same
makes GPSm and mask IoU comparable with published numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from ...structures.coco_annotation import read_part_masks, read_segmentation
from ...structures.mask_iou import WindowMask
from ...structures.point_annotations import MASK_SIZE
from ...structures.run_lengths import decode_columns, union_of_masks


@dataclass(frozen=True)
class SegmentationMask:
    """A mask of the whole image.

    Attributes:
        counts: compressed run lengths.
        height, width: of the image, pixels.
    """

    counts: str | bytes
    height: int
    width: int

    def decode(self) -> WindowMask:
        """The mask, cut to the columns that it covers."""
        left, pixels = decode_columns({"size": (self.height, self.width), "counts": self.counts})
        return WindowMask(left, 0, pixels)


@dataclass(frozen=True)
class PartMask:
    """A mask of 256 x 256 cells over a person's box.

    Attributes:
        counts: compressed run lengths.
        box: XYWH pixels.
        height, width: of the image, pixels.
    """

    counts: str | bytes
    box: tuple[float, ...]
    height: int
    width: int

    def decode(self) -> WindowMask:
        """The mask in the image."""
        size = (MASK_SIZE, MASK_SIZE)
        left, columns = decode_columns({"size": size, "counts": self.counts})
        cells = np.zeros((MASK_SIZE, MASK_SIZE), dtype=bool, order="F")
        cells[:, left : left + columns.shape[1]] = columns
        return part_mask_in_image(cells, self.box, self.height, self.width)


PersonMask = SegmentationMask | PartMask


def read_person_mask(annotation: dict, box: np.ndarray, height: int, width: int) -> PersonMask:
    """The encoded mask of an annotation; those of a whole data set fit into memory.

    Args:
        annotation: a COCO annotation.
        box: (4,) its XYWH pixels.
        height, width: of the image, pixels.

    Raises:
        AnnotationError: `dp_masks` are malformed, or there are none and `segmentation` is missing
            or malformed.
    """
    parts = read_part_masks(annotation)
    if not parts:
        counts = read_segmentation(annotation, height, width)["counts"]
        return SegmentationMask(counts, height, width)
    return PartMask(union_of_masks(parts)["counts"], tuple(box.tolist()), height, width)


def part_mask_in_image(
    cells: np.ndarray, box: Sequence[float] | np.ndarray, height: int, width: int
) -> WindowMask:
    """A mask over a box, resampled to pixels as DensePose's evaluator does it.

    The mask is interpolated linearly to the size of the box, rounded, with its corner cells on the
    corner pixels, thresholded at one half, and placed at the integer part of the box's corner.
    Pixels with a value of nearly one half may differ from the evaluator's.

    Args:
        cells: (256, 256) bool.
        box: (4,) XYWH pixels.
        height, width: of the image, pixels.
    """
    x, y, w, h = (float(value) for value in box)
    rows, columns = round(max(h, 1.0)), round(max(w, 1.0))
    by_column = torch.from_numpy(np.ascontiguousarray(cells.T, dtype=np.float64))
    resampled = F.interpolate(
        by_column[None, None], (columns, rows), mode="bilinear", align_corners=True
    )
    pixels = (resampled[0, 0] > 0.5).numpy().T
    # `scipy.ndimage.zoom` clears the last row or column if rounding puts it beyond the cells.
    last = MASK_SIZE - 1
    if (rows - 1) * (last / max(rows - 1, 1)) > last:
        pixels[-1] = False
    if (columns - 1) * (last / max(columns - 1, 1)) > last:
        pixels[:, -1] = False
    pixels = pixels[: max(int(y + h) - int(y), 0), : max(int(x + w) - int(x), 0)]
    return WindowMask.cropped(pixels, int(x), int(y), height, width)
