"""Images and people at the size of a picture; maps can be read at any resolution."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..choices import PICTURE_SIDE_RANGE
from ..inference.dense_person import DensePerson
from ..inference.person import Person


def longest_side(image: np.ndarray, pixels: int) -> np.ndarray:
    """Resize an image (H, W, 3) so that its longer side has `pixels` pixels."""
    height, width = image.shape[:2]
    scale = pixels / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=method)


def at_picture_size(
    image: np.ndarray, people: Sequence[DensePerson], side: int | None = None
) -> tuple[np.ndarray, list[DensePerson]]:
    """Resize an image and its people for a picture.

    Args:
        image: (H, W, 3) uint8.
        people: found in it.
        side: pixels of the longer side; by default the image's, clipped to `PICTURE_SIDE_RANGE`.
    """
    low, high = PICTURE_SIDE_RANGE
    side = min(max(*image.shape[:2], low), high) if side is None else side
    resized = longest_side(image, side)
    return resized, [person.resized(resized.shape[:2]) for person in people]


def with_box_side(person: Person, pixels: int) -> Person:
    """The person in a resized image, such that the box's longer side has `pixels` pixels."""
    corner, far_corner = person.box_xyxy[:2], person.box_xyxy[2:]
    scale = pixels / max((far_corner - corner).max(), 1.0)
    height, width = (max(1, round(n * scale)) for n in person.image_size)
    return person.resized((height, width))
