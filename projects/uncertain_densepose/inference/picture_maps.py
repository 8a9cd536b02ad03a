"""The people of a picture as maps of the picture's size, as other programs read them.

Where people overlap, the one with the highest score lies on top; of equal scores, the first. People
are drawn band by band, so that of a large picture little more is in memory than what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .dense_person import MAX_PIXELS, DensePerson

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
        return np.dstack([self.part, _quantised(self.uv)])

    def person_index(self) -> np.ndarray:
        """(H, W) `person` as uint8, or as uint16 where more than 255 people were found."""
        return self.person.astype(_index_type(self.person.max(initial=0)))


def picture_maps(people: Sequence[DensePerson], image_size: tuple[int, int]) -> PictureMaps:
    """Lay the maps of all people of a picture over each other.

    Args:
        people: found in the picture. Pixels of a person without finite coordinates are background.
        image_size: height and width of the picture, pixels.
    """
    person = np.zeros(image_size, np.int64)
    part = np.zeros(image_size, np.uint8)
    uv = np.zeros((*image_size, 2), np.float32)
    for index, band, shown in shown_bands(people):
        here = band.window_slices
        person[here][shown] = index + 1
        part[here][shown] = band.part[shown]
        uv[here][shown] = band.uv[shown]
    return PictureMaps(person, part, uv)


def shown_bands(people: Sequence[DensePerson]) -> Iterator[tuple[int, DensePerson, np.ndarray]]:
    """People in bands of rows, in the order in which they are drawn, from the bottom to the top.

    Yields:
        The index of a person, a band of it, and (h, w) bool, the pixels of the band's window that
        are drawn: on a part, with finite coordinates.
    """
    for index in sorted(range(len(people)), key=lambda i: (people[i].score, -i)):
        for band in people[index].bands(MAX_PIXELS):
            yield index, band, (band.part > 0) & np.isfinite(band.uv).all(axis=-1)


def draw_iuv(people: Sequence[DensePerson], image_size: tuple[int, int]) -> np.ndarray:
    """:meth:`PictureMaps.iuv` of a picture."""
    drawn = np.zeros((*image_size, 3), np.uint8)
    for _, band, shown in shown_bands(people):
        values = np.column_stack([band.part[shown].astype(np.uint8), _quantised(band.uv[shown])])
        drawn[band.window_slices][shown] = values
    return drawn


def draw_parts(people: Sequence[DensePerson], image_size: tuple[int, int]) -> np.ndarray:
    """`PictureMaps.part` of a picture, (H, W) uint8."""
    drawn = np.zeros(image_size, np.uint8)
    for _, band, shown in shown_bands(people):
        drawn[band.window_slices][shown] = band.part[shown]
    return drawn


def draw_person_index(people: Sequence[DensePerson], image_size: tuple[int, int]) -> np.ndarray:
    """`PictureMaps.person` of a picture as uint8, or as uint16 of more than 255 people."""
    drawn: np.ndarray = np.zeros(image_size, _index_type(len(people)))
    for index, band, shown in shown_bands(people):
        drawn[band.window_slices][shown] = index + 1
    return drawn


def _quantised(uv: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(uv, 0, 1) * _QUANTA).astype(np.uint8)


def _index_type(largest: int) -> type:
    return np.uint8 if largest <= np.iinfo(np.uint8).max else np.uint16
