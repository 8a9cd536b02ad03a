"""Detections: boxes with each person's number and score."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..inference.dense_person import DensePerson

BOX_BGR = (63, 210, 255)
OTHER_BOX_BGR = (170, 170, 170)
_TEXT_BGR = (20, 20, 20)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_boxes(
    image: np.ndarray, people: Sequence[DensePerson], chosen: int | None = None
) -> np.ndarray:
    """Draw each person's box, labelled "index: score".

    Args:
        image: (H, W, 3) uint8 BGR; not changed.
        people: highest score first; earlier ones are in front.
        chosen: index of a person; all others' boxes are then grey.

    Returns:
        A picture of the image's size.
    """
    picture = image.copy()
    height, width = picture.shape[:2]
    unit = max(height, width) / 800
    thickness = max(1, round(2 * unit))
    numbered = sorted(enumerate(people), key=lambda item: (item[0] == chosen, -item[0]))
    for number, person in numbered:
        colour = BOX_BGR if chosen in (None, number) else OTHER_BOX_BGR
        x0, y0, x1, y1 = np.round(person.box_xyxy).astype(int).tolist()
        cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), colour, thickness)
        text, scale = f"{number}: {person.score:.2f}", 0.6 * unit
        (text_width, text_height), _ = cv2.getTextSize(text, _FONT, scale, thickness)
        # The label stays inside the picture even if the box does not.
        x = min(max(x0, 0), max(width - text_width, 0))
        y = min(max(y0, 0), height) + text_height
        corner = (x + text_width + 2 * thickness, y + 3 * thickness)
        cv2.rectangle(picture, (x, y - text_height), corner, colour, cv2.FILLED)
        place = (x + thickness, y + thickness)
        cv2.putText(picture, text, place, _FONT, scale, _TEXT_BGR, thickness, cv2.LINE_AA)
    return picture
