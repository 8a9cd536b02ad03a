"""The body seen from outside, coloured by a value per part or per face."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ..surface import Surface
from ..surface.lookup import rasterise_triangles
from .palette import SIGMA_COLOURS

TOWARD_VIEWER = {
    "front": (0.0, -1.0, 0.0),
    "back": (0.0, 1.0, 0.0),
    "left side": (1.0, 0.0, 0.0),
    "right side": (-1.0, 0.0, 0.0),
}
"""Unit vectors from the body to the viewer; left and right are the person's own."""

NO_VALUE = (0.8, 0.8, 0.8)
"""The colour of NaN, red, green, blue in 0..1."""

_UP = np.array([0.0, 0.0, 1.0])
_SAMPLES = 3
"""Samples per pixel along each axis."""

_OVERHANG = 0.01
"""Rounding error in pixels by which a body may be wider than its picture."""


class BodyView:
    """The body seen from one direction; visibility is computed once for all pictures.

    Args:
        surface: the body.
        view: a key of `TOWARD_VIEWER`.
        height: of the pictures, pixels.
    """

    def __init__(self, surface: Surface, view: str, height: int):
        self._surface, self._height = surface, height
        self._toward = np.array(TOWARD_VIEWER[view])

    @cached_property
    def _faces(self) -> tuple[np.ndarray, np.ndarray]:
        """The face (rows, columns) at each sample, -1 off the body; the shade (F,) of each face."""
        corners = self._surface.vertices[self._surface.faces].astype(np.float64)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        facing = normal @ self._toward
        flat = np.stack([corners @ np.cross(_UP, self._toward), -(corners @ _UP)], axis=-1)
        # Later faces are drawn over earlier ones; those that face away are left out.
        order = np.argsort(corners.mean(axis=1) @ self._toward)
        order = order[facing[order] > 0]
        low, size = flat.min(axis=(0, 1)), np.ptp(flat, axis=(0, 1))
        samples_per_m = self._height * _SAMPLES / size[1]
        width = max(1, math.ceil(size[0] * samples_per_m / _SAMPLES - _OVERHANG))
        num_columns, num_rows = width * _SAMPLES, self._height * _SAMPLES
        resolution = max(num_rows, num_columns)
        in_unit_square = (flat[order] - low) * (samples_per_m / resolution)
        nearest = rasterise_triangles(in_unit_square, resolution)[:num_rows, :num_columns]
        # The last entry, -1, is for samples off the body.
        return np.append(order, -1)[nearest], 0.6 + 0.4 * np.clip(facing, 0, 1)

    def paint(self, colours: np.ndarray) -> np.ndarray:
        """Draw the body, shaded, on white.

        Args:
            colours: (F, 3) of the faces, red, green, blue in 0..1.

        Returns:
            (height, w, 3) uint8 red, green, blue, as wide as the body.
        """
        face, shade = self._faces
        shaded = np.vstack([colours * shade[:, None], np.ones(3)]).astype(np.float32)
        samples = shaded[face]
        size = (face.shape[1] // _SAMPLES, face.shape[0] // _SAMPLES)
        return np.round(255 * cv2.resize(samples, size, interpolation=cv2.INTER_AREA)).astype(
            np.uint8
        )


def value_colours(values: np.ndarray, vmax: float) -> np.ndarray:
    """Colours (N, 3) in 0..1 of values (N,) on `SIGMA_COLOURS` from 0 to `vmax`; NaN is grey."""
    found = SIGMA_COLOURS(np.clip(np.nan_to_num(values) / vmax, 0, 1))[:, :3]
    found[~np.isfinite(values)] = NO_VALUE
    return found


def draw_part_values(
    surface: Surface, values: np.ndarray, label: str, path: str | os.PathLike
) -> None:
    """Draw a value for each part on the body; see :func:`draw_face_values`.

    Args:
        values: (25,) of the charts; entry 0 is not shown. NaN is grey.
    """
    draw_face_values(surface, values[surface.face_part], label, path)


def draw_face_values(
    surface: Surface,
    values: np.ndarray,
    label: str,
    path: str | os.PathLike,
    vmax: float | None = None,
    views: Sequence[str] = ("front", "back"),
) -> None:
    """Draw a value for each face on the body.

    Args:
        surface: the body.
        values: (F,) at least 0. NaN is grey.
        label: of the colour bar: the quantity and its unit.
        path: the file; its suffix sets the format.
        vmax: upper end of the scale; larger values get its colour. By default the largest value.
        views: keys of `TOWARD_VIEWER`.
    """
    shown = values[np.isfinite(values)]
    largest = float(shown.max(initial=0.0))
    end = max(largest if vmax is None else vmax, 1e-9) if len(shown) else 1.0
    colours = value_colours(values, end)
    figure = Figure(figsize=(9, 6), layout="constrained")
    for column, view in enumerate(views):
        axes = figure.add_subplot(1, len(views), column + 1)
        axes.imshow(BodyView(surface, view, height=600).paint(colours), interpolation="antialiased")
        axes.set_title(view)
        axes.axis("off")
    mappable = ScalarMappable(Normalize(0, end), SIGMA_COLOURS)
    extend = "max" if largest > end else "neither"
    figure.colorbar(mappable, ax=figure.axes, label=label, shrink=0.7, extend=extend)
    figure.savefig(path, dpi=120)
