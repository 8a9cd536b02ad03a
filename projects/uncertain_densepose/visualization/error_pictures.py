"""Draws of the joint error as pictures: the hue is its direction, the strength its length.

A part that errs as a whole has one colour; points that err on their own are grain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import hsv_to_rgb

from ..inference.error_field import error_length_cm
from ..inference.person import Person
from .layers import OPACITY, paint


def error_colours(error_uv: np.ndarray, length_cm: np.ndarray, vmax_cm: float) -> np.ndarray:
    """Errors as colours: white for none, full ones from `vmax_cm` on.

    Args:
        error_uv: (..., 2) chart units; along u they are red, then through yellow and green along v.
        length_cm: (...) centimetres.
        vmax_cm: where the colours end.

    Returns:
        (..., 3) uint8 red, green, blue; without meaning for NaN.
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
    """One draw of each person's error over their image.

    Args:
        image: (H, W, 3) uint8, blue, green, red; left as it is.
        people: who is in it.
        errors_uv: of each person (h, w, 2) chart units, see `error_field.sample_error_field`.
        vmax_cm: where the colours end, centimetres.
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
    """A seed for each combination of numbers, so that their draws are independent."""
    return int(np.random.SeedSequence((seed, *numbers)).generate_state(1)[0])
