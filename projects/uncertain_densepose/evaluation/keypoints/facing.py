"""Whether a person turns the chest or the back to the camera, as the keypoints of the trunk say."""

from __future__ import annotations

import numpy as np

from .joints import HIPS, JOINT_NAMES, SHOULDERS

FRONT, UNTOLD, BACK = 1, 0, -1

_LEAST_WIDTH = 0.3
"""The mean width of the trunk in a picture, in its length, below which a person stands too nearly
sideways: a few misplaced pixels would decide. Seen straight from the front it is about 0.6."""

_VISIBLE = 2


def _facing_of_parts() -> np.ndarray:
    table = np.zeros(25, dtype=np.int64)
    table[[2, 9, 10]], table[[1, 7, 8]] = FRONT, BACK
    table.setflags(write=False)
    return table


FACING_OF_PART = _facing_of_parts()
"""(25,) int64, the side of the body that charts of torso and upper legs are on; 0 for others."""

TELLING_JOINTS = np.isin(np.arange(len(JOINT_NAMES)), (*SHOULDERS, *HIPS))
"""(17,) bool, the joints at which the side of the trunk that the camera sees is that of the skin:
not at knees, which bend, nor at arms, whose charts are inner and outer ones."""


def trunk_facing(keypoints: np.ndarray) -> np.ndarray:
    """The side of the trunk that the camera sees.

    Seen from the front, left shoulder, right shoulder, right hip and left hip follow each other
    anticlockwise in the picture, and clockwise seen from behind, however the picture is turned.

    Args:
        keypoints: (G, 17, 3) x, y in pixels and COCO's visibility.

    Returns:
        (G,) int64: `FRONT`, `BACK`, or `UNTOLD` where one of the four is not visible, or the
        quadrilateral is narrower than 0.3 of its length.
    """
    corners = keypoints[:, [SHOULDERS[0], SHOULDERS[1], HIPS[1], HIPS[0]]]
    x, y = corners[..., 0], corners[..., 1]
    # y runs downwards: the area of what runs anticlockwise is negative.
    area = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1) / 2
    axis = corners[:, :2, :2].mean(axis=1) - corners[:, 2:, :2].mean(axis=1)
    wide = np.abs(area) >= _LEAST_WIDTH * (axis**2).sum(axis=1)
    told = wide & (corners[..., 2] == _VISIBLE).all(axis=1) & (area != 0)
    return np.where(told, np.where(area < 0, FRONT, BACK), UNTOLD)
