"""The people of a picture as maps of the picture's size, as other programs read them.

Where people overlap, the one with the highest score lies on top; of equal scores, the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .dense_person import DensePerson

_QUANTA = 255


@dataclass(frozen=True)
class PictureMaps:
    """What each pixel of a picture shows.

    Attributes:
        person: (H, W) int64, 0 background, else 1 + the index of the person.
        part: (H, W) uint8 charts 1..24, 0 background.
        uv: (H, W, 2) float32 chart units, 0 on background.
    """

    person: np.ndarray
    part: np.ndarray
    uv: np.ndarray

    def iuv(self) -> np.ndarray:
        """(H, W, 3) uint8: chart, 255 u and 255 v, rounded. OpenCV writes them as DensePose does:
        I in blue, U in green, V in red."""
        uv = np.rint(np.clip(self.uv, 0, 1) * _QUANTA).astype(np.uint8)
        return np.dstack([self.part, uv])

    def person_index(self) -> np.ndarray:
        """(H, W) `person` as uint8, or as uint16 where more than 255 people were found."""
        fits = self.person.max(initial=0) <= np.iinfo(np.uint8).max
        return self.person.astype(np.uint8 if fits else np.uint16)


def picture_maps(people: Sequence[DensePerson], image_size: tuple[int, int]) -> PictureMaps:
    """Lay the maps of all people of a picture over each other.

    Args:
        people: found in the picture. Pixels of a person without finite coordinates are background.
        image_size: height and width of the picture, pixels.
    """
    person = np.zeros(image_size, np.int64)
    part = np.zeros(image_size, np.uint8)
    uv = np.zeros((*image_size, 2), np.float32)
    # From the bottom to the top.
    for index in sorted(range(len(people)), key=lambda i: (people[i].score, -i)):
        one = people[index]
        shown = (one.part > 0) & np.isfinite(one.uv).all(axis=-1)
        person[one.window_slices][shown] = index + 1
        part[one.window_slices][shown] = one.part[shown]
        uv[one.window_slices][shown] = one.uv[shown]
    return PictureMaps(person, part, uv)
