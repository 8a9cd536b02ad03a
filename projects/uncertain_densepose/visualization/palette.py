"""Colours: one for each of the 24 charts, and the scales of the continuous maps."""

from __future__ import annotations

import cv2
import matplotlib
import numpy as np
from matplotlib.colors import Colormap

COORDINATE_COLOURS: Colormap = matplotlib.colormaps["viridis"]
"""Scale of the chart coordinates u and v, from 0 to 1."""

SIGMA_COLOURS: Colormap = matplotlib.colormaps["inferno"]
"""Scale of standard deviations and errors in centimetres: dark at 0, bright for large ones."""

# Left and right twins share a hue, and the right one is darker; so do the two torso charts. Hues
# are 30 degrees apart and neighbouring hues also differ in lightness, so that all charts are
# distinct; charts that touch on the body have distant hues.
_DEEP = ((0.42, 0.12), (0.72, 0.14))
_PALE = ((0.58, 0.12), (0.88, 0.14))
_HUES = (
    # hue in degrees, (lightness, chroma) of the dark and the light chart, the two charts
    (245, _DEEP, (1, 2)),  # torso back, front
    (95, _PALE, (3, 4)),  # hands
    (125, _DEEP, (6, 5)),  # feet
    (5, _DEEP, (7, 8)),  # upper legs, back
    (185, _DEEP, (9, 10)),  # upper legs, front
    (275, _PALE, (11, 12)),  # lower legs, back
    (65, _DEEP, (13, 14)),  # lower legs, front
    (155, _PALE, (16, 15)),  # upper arms, inner
    (335, _PALE, (18, 17)),  # upper arms, outer
    (305, _DEEP, (20, 19)),  # lower arms, inner
    (215, _PALE, (22, 21)),  # lower arms, outer
    (35, _PALE, (23, 24)),  # head
)


def oklch_to_srgb(lightness: float, chroma: float, hue_deg: float) -> np.ndarray:
    """Convert from OKLCH (Ottosson 2020, "A perceptual color space") to sRGB.

    Args:
        lightness: 0..1. chroma: 0 grey, about 0.3 at most. hue_deg: degrees.

    Returns:
        (3,) red, green, blue in [0, 1], clipped to the sRGB gamut.
    """
    hue = np.deg2rad(hue_deg)
    lab = np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])
    lab_to_cone_root = np.array(
        [
            [1, 0.3963377774, 0.2158037573],
            [1, -0.1055613458, -0.0638541728],
            [1, -0.0894841775, -1.2914855480],
        ]
    )
    cone_to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(cone_to_linear @ (lab_to_cone_root @ lab) ** 3, 0, 1)
    gamma = 1.055 * linear ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, gamma)


def _part_colours() -> np.ndarray:
    colours = np.zeros((25, 3), dtype=np.uint8)
    for hue, tones, twins in _HUES:
        for (lightness, chroma), part in zip(tones, twins, strict=True):
            colours[part] = np.round(255 * oklch_to_srgb(lightness, chroma, hue))
    colours.setflags(write=False)
    return colours


PART_COLOURS = _part_colours()
"""(25, 3) uint8 red, green, blue of each chart, read-only; row 0 (background) is never drawn."""


def _densepose_colours() -> np.ndarray:
    # DensePose scales I to 0..255, cuts to integers and takes OpenCV's colour map.
    place = (np.arange(25) * (255 / 24)).astype(np.uint8)
    colours = cv2.applyColorMap(place, cv2.COLORMAP_PARULA).reshape(25, 3)[:, ::-1].copy()
    colours[0] = 0
    colours.setflags(write=False)
    return colours


DENSEPOSE_COLOURS = _densepose_colours()
"""(25, 3) uint8 red, green, blue in which DensePose's visualisers draw each chart, read-only; row 0
(background) is black."""
