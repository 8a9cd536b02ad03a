"""Maps of people painted over their image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import Colormap

from ..inference.dense_person import DensePerson
from .palette import COORDINATE_COLOURS, PART_COLOURS, SIGMA_COLOURS

OPACITY = 0.85
COORDINATES = {"u": 0, "v": 1}


def draw_parts(
    image: np.ndarray, people: Sequence[DensePerson], opacity: float = OPACITY
) -> np.ndarray:
    """Paint the charts of people in `PART_COLOURS`.

    Args:
        image: (H, W, 3) uint8 BGR; not changed.
        people: found in it; higher scores are in front.
        opacity: of the colours, 0..1.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    return paint(image, people, lambda person: PART_COLOURS[person.part], opacity)


def draw_uv(
    image: np.ndarray, people: Sequence[DensePerson], coordinate: str, opacity: float = OPACITY
) -> np.ndarray:
    """Paint one chart coordinate of people, from 0 (dark blue) to 1 (yellow).

    Args:
        image, people, opacity: see :func:`draw_parts`.
        coordinate: "u" or "v".

    Raises:
        ValueError: `coordinate` is neither.
    """
    if coordinate not in COORDINATES:
        raise ValueError(f"coordinate must be one of {sorted(COORDINATES)}, not {coordinate!r}")
    axis = COORDINATES[coordinate]
    return _paint_values(image, people, lambda p: p.uv[..., axis], opacity)


def draw_probability(
    image: np.ndarray, people: Sequence[DensePerson], opacity: float = OPACITY
) -> np.ndarray:
    """Paint the probability of the shown part, from 0 (dark blue) to 1 (yellow).

    Args:
        image, people, opacity: see :func:`draw_parts`.
    """
    return _paint_values(image, people, lambda p: p.part_probability, opacity)


def draw_sigma_cm(
    image: np.ndarray, people: Sequence[DensePerson], vmax_cm: float, opacity: float = OPACITY
) -> np.ndarray:
    """Paint the standard deviation of people's correspondences; `with_colour_bar` adds the scale.

    Args:
        image, people, opacity: see :func:`draw_parts`; people without uncertainty are not painted.
        vmax_cm: upper end of the scale, from black at 0 to yellow, centimetres.
    """
    known = [person for person in people if person.has_uncertainty]
    return _paint_values(image, known, lambda p: p.sigma_cm, opacity, vmax_cm, SIGMA_COLOURS)


def _paint_values(
    image: np.ndarray,
    people: Sequence[DensePerson],
    values: Callable[[DensePerson], Any],
    opacity: float,
    vmax: float = 1.0,
    colours: Colormap = COORDINATE_COLOURS,
) -> np.ndarray:
    return paint(image, people, lambda p: colourise(values(p), vmax, colours), opacity)


def colourise(values: np.ndarray, vmax: float, colours: Colormap) -> np.ndarray:
    """Map values (h, w) to a colour scale from 0 to `vmax`, clipped at both ends.

    Returns:
        (h, w, 3) uint8 red, green, blue; meaningless for NaN.
    """
    scaled = np.clip(np.nan_to_num(values) / vmax, 0, 1)
    return colours(scaled, bytes=True)[..., :3]


def shared_vmax_cm(people: Sequence[DensePerson], percentile: float = 98.0) -> float | None:
    """The upper end of a scale for several people: :func:`scale_end_cm` of all their pixels."""
    return scale_end_cm(
        [sigma[p.part > 0] for p in people if (sigma := p.sigma_cm) is not None], percentile
    )


def scale_end_cm(sigma_cm: Sequence[np.ndarray], percentile: float = 98.0) -> float | None:
    """The upper end of a colour scale: a percentile of standard deviations.

    Args:
        sigma_cm: arrays (N,) in centimetres, pooled; NaN is ignored.
        percentile: 0..100.

    Returns:
        Centimetres, at least 1; None without any value.
    """
    values = np.concatenate([np.empty(0, np.float32), *sigma_cm])
    values = values[np.isfinite(values)]
    return max(float(np.percentile(values, percentile)), 1.0) if len(values) else None


def paint(
    image: np.ndarray,
    people: Sequence[DensePerson],
    colours_rgb: Callable[[DensePerson], np.ndarray],
    opacity: float,
) -> np.ndarray:
    """Paint people over their image.

    Args:
        image, people, opacity: see :func:`draw_parts`.
        colours_rgb: gives a person's colours (h, w, 3) over the window, red, green, blue in
            [0, 255].

    Returns:
        (H, W, 3) uint8 BGR; the background shows the image.
    """
    picture = image.copy()
    for person in sorted(people, key=lambda p: p.score):
        region = picture[person.window_slices]
        shown = person.part > 0
        colour_bgr = colours_rgb(person)[shown][:, ::-1].astype(np.float32)
        blended = opacity * colour_bgr + (1 - opacity) * region[shown]
        region[shown] = np.round(blended).astype(np.uint8)
    return picture
