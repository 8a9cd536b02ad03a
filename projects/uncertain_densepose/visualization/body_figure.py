"""The body coloured by values, one a part or one a face, from the front and from the back."""

from __future__ import annotations

import os

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from uncertain_densepose.surface import Surface

_TOWARD_VIEWER = {"front": np.array([0.0, -1.0, 0.0]), "back": np.array([0.0, 1.0, 0.0])}
_UP = np.array([0.0, 0.0, 1.0])
_NO_VALUE = (0.8, 0.8, 0.8)

PART_VALUE_COLOURS: Colormap = matplotlib.colormaps["viridis_r"]
"""Scale of values where low is good: bright for low ones."""


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
) -> None:
    """Write the picture, in the format that the file's ending names.

    Args:
        surface: the body.
        values: (F,) a number for each face, at least 0. NaN is grey.
        label: of the colour bar: what the values are, with their unit.
        path: where to write.
        vmax: the value at the upper end of the scale; larger ones share its colour. The largest
            value when left out.
    """
    shown = values[np.isfinite(values)]
    largest = float(shown.max(initial=0.0))
    scale = Normalize(0, max(largest if vmax is None else vmax, 1e-9) if len(shown) else 1.0)
    colours = PART_VALUE_COLOURS(scale(np.nan_to_num(values)))[:, :3]
    colours[~np.isfinite(values)] = _NO_VALUE
    figure = Figure(figsize=(9, 6), layout="constrained")
    for column, (view, toward) in enumerate(_TOWARD_VIEWER.items()):
        axes = figure.add_subplot(1, len(_TOWARD_VIEWER), column + 1)
        _draw_body(axes, surface, toward, colours)
        axes.set_title(view)
    mappable = ScalarMappable(scale, PART_VALUE_COLOURS)
    extend = "max" if largest > scale.vmax else "neither"
    figure.colorbar(mappable, ax=figure.axes, label=label, shrink=0.7, extend=extend)
    figure.savefig(path, dpi=120)


def _draw_body(axes: Axes, surface: Surface, toward: np.ndarray, colours: np.ndarray) -> None:
    """Faces that look at the viewer, from the far ones to the near ones.

    Args:
        toward: (3,) unit vector from the body to the viewer.
        colours: (F, 3) of the faces.
    """
    corners = surface.vertices[surface.faces].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    facing = normal @ toward
    order = np.argsort(corners.mean(axis=1) @ toward)
    order = order[facing[order] > 0]
    flat = np.stack([corners @ np.cross(_UP, toward), corners @ _UP], axis=-1)
    shade = 0.6 + 0.4 * np.clip(facing, 0, 1)
    face_colours = colours * shade[:, None]
    axes.add_collection(
        PolyCollection(
            flat[order], facecolors=face_colours[order], edgecolors="face", linewidths=0.2
        )
    )
    axes.set(aspect="equal")
    axes.autoscale_view()
    axes.axis("off")
