"""Colour bars, drawn with matplotlib's objects (no global state, no display)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from .palette import SIGMA_COLOURS


def add_colour_bar(
    axes: Axes,
    colours: Colormap,
    vmax: float,
    orientation: str = "horizontal",
    open_end: bool = False,
) -> Colorbar:
    """Fill axes with the scale of values from 0 to `vmax`.

    Args:
        axes: that the bar takes up.
        orientation: "horizontal" or "vertical".
        open_end: whether larger values occur, which have the colour of `vmax`: the bar then ends
            in a tip.
    """
    mappable = ScalarMappable(Normalize(0, vmax), colours)
    extend = "max" if open_end else "neither"
    return axes.figure.colorbar(mappable, cax=axes, orientation=orientation, extend=extend)


def figure_to_bgr(figure: Figure) -> np.ndarray:
    """A figure as a picture (H, W, 3) uint8, blue, green, red."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., 2::-1].copy()


def with_colour_bar(
    picture: np.ndarray,
    vmax: float,
    label: str = "σ (cm)",
    colours: Colormap = SIGMA_COLOURS,
    width: int = 70,
) -> np.ndarray:
    """A picture with a vertical colour bar on its right.

    Args:
        picture: (H, W, 3) uint8, blue, green, red.
        vmax: the value at the upper end of the scale; larger ones share its colour.
        label: says what the values are.
        width: of the strip that is added, pixels.

    Returns:
        (H, W + `width`, 3) uint8.
    """
    height, dpi = picture.shape[0], 100
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, facecolor="white")
    margin = min(16 / height, 0.25)
    axes = figure.add_axes((0.12, margin, 14 / width, 1 - 2 * margin))
    bar = add_colour_bar(axes, colours, vmax, "vertical", open_end=True)
    bar.set_label(label, fontsize=7)
    axes.tick_params(labelsize=7)
    return np.concatenate([picture, figure_to_bgr(figure)], axis=1)
