"""Images and people in the size of a picture: maps are read at the pixels of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ..inference.person import Person

SIDE_RANGE = (640, 1600)
"""Pixels of the longer side of a picture, within which an image keeps its own size."""


def longest_side(image: np.ndarray, pixels: int) -> np.ndarray:
    """An image (H, W, 3) in another size: the longer side has so many pixels, the other >= 1."""
    height, width = image.shape[:2]
    scale = pixels / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=method)


def at_picture_size(
    image: np.ndarray, people: Sequence[Person], side: int | None = None
) -> tuple[np.ndarray, list[Person]]:
    """Image and people as pictures show them.

    Args:
        image: (H, W, 3) uint8.
        people: found in it.
        side: pixels of the longer side; the image's own within `SIDE_RANGE` by default.
    """
    low, high = SIDE_RANGE
    side = min(max(*image.shape[:2], low), high) if side is None else side
    resized = longest_side(image, side)
    return resized, [in_image_of_size(person, resized.shape[:2]) for person in people]


def with_box_side(person: Person, pixels: int) -> Person:
    """A person in an image of that size at which their box's longer side has so many pixels."""
    corner, far_corner = person.box_xyxy[:2], person.box_xyxy[2:]
    scale = pixels / max((far_corner - corner).max(), 1.0)
    return in_image_of_size(person, tuple(max(1, round(n * scale)) for n in person.image_size))


def in_image_of_size(person: Person, image_size: tuple[int, int]) -> Person:
    """The same person in the image resized to a height and width in pixels.

    Args:
        person: as a model found them, not a `ConditionedPerson`, whose clicks are on pixels.
    """
    scale = np.array(image_size[::-1]) / np.array(person.image_size[::-1])
    box_xyxy = person.box_xyxy * np.tile(scale, 2).astype(np.float32)
    return replace(person, box_xyxy=box_xyxy, image_size=image_size)
