"""The values of every pixel of a picture, compactly encoded for the page's scripts.

Planes (6, h, w) uint8, in the order of `PLANES`: the person, from 1 by descending score, 0 on
background; the part 1..24; 255 u, 255 v and 255 p, rounded, as in DensePose's result files; and σ
on a logarithmic scale, 0 where there is none, else

    σ = SIGMA_MIN_CM (SIGMA_MAX_CM / SIGMA_MIN_CM) ^ ((code - 1) / 254),

which is accurate to 1.9 %. Values beyond the ends are clipped.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

PLANES = ("person", "part", "u", "v", "sigma", "probability")
MAX_PEOPLE = 255

SIGMA_MIN_CM, SIGMA_MAX_CM = 0.02, 200.0
_LOG_RANGE = np.log(SIGMA_MAX_CM / SIGMA_MIN_CM)
_SIGMA_STEPS = 254


def unit_code(values: np.ndarray) -> np.ndarray:
    """255 times values in [0, 1], rounded and clipped, uint8."""
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)


def sigma_code(sigma_cm: np.ndarray) -> np.ndarray:
    """Codes 1..255, uint8, of standard deviations in centimetres; inverse `sigma_cm_of_code`."""
    position = np.log(np.clip(sigma_cm, SIGMA_MIN_CM, SIGMA_MAX_CM) / SIGMA_MIN_CM) / _LOG_RANGE
    return (1 + np.rint(_SIGMA_STEPS * position)).astype(np.uint8)


def sigma_cm_of_code(code: np.ndarray) -> np.ndarray:
    """Standard deviations, float64 centimetres, of codes 1..255."""
    share = (np.asarray(code, dtype=np.float64) - 1) / _SIGMA_STEPS
    return SIGMA_MIN_CM * np.exp(share * _LOG_RANGE)


def source_pixels(source: int, shown: int) -> np.ndarray:
    """The image pixel under the centre of each shown pixel, along one axis.

    Args:
        source: pixels of the image. shown: pixels of the picture.

    Returns:
        (shown,) int64 in 0..source-1: floor((i + 1/2) source / shown).
    """
    return (2 * np.arange(shown) + 1) * source // (2 * shown)


def compose(
    people: Sequence[Mapping[str, np.ndarray | None]],
    image_size: tuple[int, int],
    shown_size: tuple[int, int],
) -> np.ndarray:
    """The planes of a picture. Where people overlap, a pixel shows the one of highest score.

    Args:
        people: from `load_people`, at most `MAX_PEOPLE`, by descending score.
        image_size: height and width of the image, pixels.
        shown_size: height and width of the picture, pixels; it is sampled at `source_pixels`.

    Returns:
        (6, h, w) uint8.
    """
    rows, columns = (source_pixels(*sides) for sides in zip(image_size, shown_size, strict=True))
    planes = np.zeros((len(PLANES), *shown_size), dtype=np.uint8)
    for number, person in reversed(list(enumerate(people, start=1))):
        x0, y0, x1, y1 = person["window"].tolist()
        top, bottom = np.searchsorted(rows, [y0, y1])
        left, right = np.searchsorted(columns, [x0, x1])
        own = np.ix_(rows[top:bottom] - y0, columns[left:right] - x0)
        covered = person["part"][own] > 0
        shown = {
            name: person[name][own][covered]
            for name in ("part", "uv", "sigma_cm", "part_probability")
            if person[name] is not None
        }
        planes[:, top:bottom, left:right][:, covered] = _codes(number, shown)
    return planes


def _codes(number: int, shown: Mapping[str, np.ndarray]) -> np.ndarray:
    """Codes (6, n) of a person's n pixels."""
    part = shown["part"].astype(np.uint8)
    return np.stack(
        [
            np.full_like(part, number),
            part,
            *unit_code(shown["uv"]).T,
            sigma_code(shown["sigma_cm"]) if "sigma_cm" in shown else np.zeros_like(part),
            unit_code(shown["part_probability"]),
        ]
    )


def encode(planes: np.ndarray) -> str:
    """Planes (6, h, w) as text: base64 of the zlib-compressed differences to the pixel above."""
    differences = np.diff(planes, axis=-2, prepend=np.uint8(0))
    return base64.b64encode(zlib.compress(differences.tobytes(), 9)).decode("ascii")
