"""The body from outside, coloured by values: one a part, one a face or one a vertex."""

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
"""Directions from the body to who looks at it; the sides are those of the person."""

NO_VALUE = (0.8, 0.8, 0.8)
"""The colour of NaN."""

_UP = np.array([0.0, 0.0, 1.0])
_SAMPLES = 3
"""Samples along a side of each pixel."""

_OVERHANG = 0.01
"""Pixels by which a body may be wider than its picture, which are rounding."""


class BodyView:
    """The body seen from one direction; what each pixel shows is found once for all pictures.

    Args:
        surface: the body.
        view: of `TOWARD_VIEWER`.
        height: of the pictures, pixels.
    """

    def __init__(self, surface: Surface, view: str, height: int):
        self._surface, self._height = surface, height
        self._toward = np.array(TOWARD_VIEWER[view])

    @cached_property
    def _faces(self) -> tuple[np.ndarray, np.ndarray]:
        """The face (h, w) at each sample, -1 beside the body, and the shade (F,) of the faces."""
        corners = self._surface.vertices[self._surface.faces].astype(np.float64)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        facing = normal @ self._toward
        flat = np.stack([corners @ np.cross(_UP, self._toward), -(corners @ _UP)], axis=-1)
        # A face of a higher index hides those below it; those that look away show nowhere.
        order = np.argsort(corners.mean(axis=1) @ self._toward)
        order = order[facing[order] > 0]
        low, size = flat.min(axis=(0, 1)), np.ptp(flat, axis=(0, 1))
        samples_per_m = self._height * _SAMPLES / size[1]
        width = max(1, math.ceil(size[0] * samples_per_m / _SAMPLES - _OVERHANG))
        num_columns, num_rows = width * _SAMPLES, self._height * _SAMPLES
        resolution = max(num_rows, num_columns)
        in_unit_square = (flat[order] - low) * (samples_per_m / resolution)
        nearest = rasterise_triangles(in_unit_square, resolution)[:num_rows, :num_columns]
        # The last entry is that of samples beside the body, -1.
        return np.append(order, -1)[nearest], 0.6 + 0.4 * np.clip(facing, 0, 1)

    def paint(self, colours: np.ndarray) -> np.ndarray:
        """The body with colours (F, 3) of its faces, red, green, blue in 0..1, shaded, on white.

        Returns:
            (height, w, 3) uint8 red, green, blue, as wide as the body is.
        """
        face, shade = self._faces
        shaded = np.vstack([colours * shade[:, None], np.ones(3)]).astype(np.float32)
        samples = shaded[face]
        size = (face.shape[1] // _SAMPLES, face.shape[0] // _SAMPLES)
        return np.round(255 * cv2.resize(samples, size, interpolation=cv2.INTER_AREA)).astype(
            np.uint8
        )


def value_colours(values: np.ndarray, vmax: float) -> np.ndarray:
    """`SIGMA_COLOURS` (N, 3) in 0..1 of values (N,), from 0 to `vmax`; NaN is `NO_VALUE`."""
    found = SIGMA_COLOURS(np.clip(np.nan_to_num(values) / vmax, 0, 1))[:, :3]
    found[~np.isfinite(values)] = NO_VALUE
    return found


def draw_part_values(
    surface: Surface, values: np.ndarray, label: str, path: str | os.PathLike
) -> None:
    """Write the picture, in the format that the file's ending names.

    Args:
        surface: the body.
        values: (25,) a number for each chart; entry 0 is not shown. NaN is grey.
        label: of the colour bar: what the values are, with their unit.
        path: where to write.
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
    """Write the picture, in the format that the file's ending names.

    Args:
        surface: the body.
        values: (F,) a number for each face, at least 0. NaN is grey.
        label: of the colour bar: what the values are, with their unit.
        path: where to write.
        vmax: the value at the upper end of the scale; larger ones share its colour. The largest
            value when left out.
        views: of `TOWARD_VIEWER`.
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
