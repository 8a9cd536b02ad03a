"""Maps of people painted over their image. Pictures are (H, W, 3) uint8, blue, green, red."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from matplotlib.colors import Colormap

from ..inference.person import Person
from .palette import COORDINATE_COLOURS, PART_COLOURS, SIGMA_COLOURS

OPACITY = 0.85
COORDINATES = {"u": 0, "v": 1}


def draw_parts(image: np.ndarray, people: Sequence[Person], opacity: float = OPACITY) -> np.ndarray:
    """The charts of people in `PART_COLOURS`.

    Args:
        image: (H, W, 3) uint8, blue, green, red; left as it is.
        people: who is in it. Of people who overlap, the surest is in front.
        opacity: of the colours, 0..1.

    Returns:
        A picture of the image's size; the background shows the image.
    """
    return paint(image, people, lambda person: PART_COLOURS[person.part], opacity)


def draw_uv(
    image: np.ndarray, people: Sequence[Person], coordinate: str, opacity: float = OPACITY
) -> np.ndarray:
    """One chart coordinate of people, from 0 (dark blue) to 1 (yellow).

    Args:
        image, people, opacity: as for :func:`draw_parts`.
        coordinate: "u" or "v".

    Raises:
        ValueError: another coordinate is asked for.
    """
    if coordinate not in COORDINATES:
        raise ValueError(f"coordinate must be one of {sorted(COORDINATES)}, not {coordinate!r}")
    axis = COORDINATES[coordinate]
    return paint(
        image, people, lambda p: colourise(p.uv[..., axis], 1.0, COORDINATE_COLOURS), opacity
    )


def draw_probability(
    image: np.ndarray, people: Sequence[Person], opacity: float = OPACITY
) -> np.ndarray:
    """How likely the shown part is by the network, from 0 (dark blue) to 1 (yellow).

    Args:
        image, people, opacity: as for :func:`draw_parts`.
    """
    return paint(
        image, people, lambda p: colourise(p.part_probability, 1.0, COORDINATE_COLOURS), opacity
    )


def draw_sigma_cm(
    image: np.ndarray, people: Sequence[Person], vmax_cm: float, opacity: float = OPACITY
) -> np.ndarray:
    """The standard deviation of people's correspondences, from 0 (black) to `vmax_cm` (yellow).

    Without its scale; :func:`.colour_bar.with_colour_bar` adds that.

    Args:
        image, people, opacity: as for :func:`draw_parts`. People of a model without a noise model
            are not painted.
        vmax_cm: where the colours end, centimetres.
    """
    known = [person for person in people if person.has_uncertainty]
    return paint(
        image,
        known,
        lambda p: colourise(cast(np.ndarray, p.sigma_cm), vmax_cm, SIGMA_COLOURS),
        opacity,
    )


def colourise(values: np.ndarray, vmax: float, colours: Colormap) -> np.ndarray:
    """Values on a colour scale from 0 to `vmax`; beyond it, the colour of the nearer end.

    Args:
        values: (h, w); NaN is allowed and gives a colour without meaning.

    Returns:
        (h, w, 3) uint8 red, green, blue.
    """
    scaled = np.clip(np.nan_to_num(values) / vmax, 0, 1)
    return colours(scaled, bytes=True)[..., :3]


def shared_vmax_cm(people: Sequence[Person], percentile: float = 98.0) -> float | None:
    """An end of the scale that suits several people: a percentile over all of their pixels.

    Returns:
        Centimetres, at least 1; None where no pixel has a standard deviation.
    """
    of_people = [sigma[p.part > 0] for p in people if (sigma := p.sigma_cm) is not None]
    values = np.concatenate([*of_people, np.empty(0, np.float32)])
    values = values[np.isfinite(values)]
    return max(float(np.percentile(values, percentile)), 1.0) if len(values) else None


def paint(
    image: np.ndarray,
    people: Sequence[Person],
    colours_rgb: Callable[[Person], np.ndarray],
    opacity: float,
) -> np.ndarray:
    """Colours of people over their image.

    Args:
        image, people, opacity: as for :func:`draw_parts`.
        colours_rgb: of a person, (h, w, 3) of the window, red, green, blue, [0, 255].

    Returns:
        A picture of the image's size; the background shows the image.
    """
    picture = image.copy()
    for person in sorted(people, key=lambda p: p.score):
        region = picture[person.window_slices]
        shown = person.part > 0
        colour_bgr = colours_rgb(person)[shown][:, ::-1].astype(np.float32)
        blended = opacity * colour_bgr + (1 - opacity) * region[shown]
        region[shown] = np.round(blended).astype(np.uint8)
    return picture
