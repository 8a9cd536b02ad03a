"""Keypoints in a picture, coloured by whether the predicted part is right there."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np

_RIM_BGR = (255, 255, 255)
_TEXT_BGR = (20, 20, 20)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Mark(Enum):
    """What the model answers at a keypoint; the value is the colour, BGR."""

    RIGHT = (60, 180, 20)
    OTHER_SIDE = (0, 150, 255)
    WRONG = (30, 20, 220)
    NOT_FOUND = (40, 40, 40)

    @property
    def label(self) -> str:
        """For the legend."""
        return self.name.lower().replace("_", " ")


def draw_keypoints(image: np.ndarray, xy: np.ndarray, marks: list[Mark]) -> np.ndarray:
    """Draw a disc with a white rim at each keypoint.

    Args:
        image: (H, W, 3) uint8 BGR; not changed.
        xy: (P, 2) pixels, the first pixel's centre at (0.5, 0.5).
        marks: of the P keypoints.

    Returns:
        A picture of the image's size.
    """
    picture = image.copy()
    radius = _radius(picture)
    for (x, y), mark in zip(np.floor(xy).astype(int).tolist(), marks, strict=True):
        cv2.circle(picture, (x, y), radius + max(1, radius // 3), _RIM_BGR, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, (x, y), radius, mark.value, cv2.FILLED, cv2.LINE_AA)
    return picture


def draw_legend(image: np.ndarray) -> np.ndarray:
    """Name the colours of `Mark` in the upper left corner of a picture (H, W, 3) uint8 BGR."""
    picture = image.copy()
    radius = _radius(picture)
    line, scale = 3 * radius + 2, 0.08 * radius
    cv2.rectangle(picture, (0, 0), (7 * line, len(Mark) * line), _RIM_BGR, cv2.FILLED)
    for row, mark in enumerate(Mark):
        middle = (line // 2, row * line + line // 2)
        cv2.circle(picture, middle, radius, mark.value, cv2.FILLED, cv2.LINE_AA)
        place = (line + radius, (row + 1) * line - line // 4)
        cv2.putText(picture, mark.label, place, _FONT, scale, _TEXT_BGR, 1, cv2.LINE_AA)
    return picture


def _radius(picture: np.ndarray) -> int:
    """Of a keypoint's disc, pixels."""
    return max(2, round(max(picture.shape[:2]) / 160))
