"""Draws of the joint error as pictures: hue is direction, saturation is length.

An error that a whole part shares gives it one colour; independent errors look like grain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import hsv_to_rgb

from ..inference.error_field import error_length_cm
from ..inference.person import Person
from .layers import OPACITY, paint


def error_colours(error_uv: np.ndarray, length_cm: np.ndarray, vmax_cm: float) -> np.ndarray:
    """The colours of errors: white for none, saturated from `vmax_cm` on.

    Args:
        error_uv: (..., 2) chart units; red along +u, yellow-green along +v.
        length_cm: (...) centimetres.
        vmax_cm: upper end of the scale.

    Returns:
        (..., 3) uint8 red, green, blue; meaningless for NaN.
    """
    angle = np.arctan2(error_uv[..., 1], error_uv[..., 0]) / (2 * np.pi) % 1
    strength = np.clip(length_cm / vmax_cm, 0, 1)
    hsv = np.nan_to_num(np.stack([angle, strength, np.ones_like(angle)], axis=-1))
    return np.round(255 * hsv_to_rgb(np.clip(hsv, 0, 1))).astype(np.uint8)


def draw_errors(
    image: np.ndarray,
    people: Sequence[Person],
    errors_uv: Sequence[np.ndarray],
    vmax_cm: float,
    opacity: float = OPACITY,
) -> np.ndarray:
    """Paint one draw of each person's error over the image.

    Args:
        image: (H, W, 3) uint8 BGR; not changed.
        people: found in the image.
        errors_uv: (h, w, 2) chart units for each person, see `error_field.sample_error_field`.
        vmax_cm: upper end of the scale, centimetres.
        opacity: of the colours, 0..1.

    Returns:
        A picture of the image's size.
    """
    colours = {
        id(person): error_colours(error, error_length_cm(person, error), vmax_cm)
        for person, error in zip(people, errors_uv, strict=True)
    }
    return paint(image, people, lambda person: colours[id(person)], opacity)


def draw_seed(seed: int, *numbers: int) -> int:
    """A seed derived from `seed` and other numbers, for independent draws."""
    return int(np.random.SeedSequence((seed, *numbers)).generate_state(1)[0])
