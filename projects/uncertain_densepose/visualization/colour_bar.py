"""Colour bars, drawn by matplotlib without pyplot (no global state, no display)."""

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
    """Fill axes with the colour scale from 0 to `vmax`.

    Args:
        axes: filled by the bar.
        orientation: "horizontal" or "vertical".
        open_end: whether larger values share the colour of `vmax`; the bar then ends in a tip.
    """
    mappable = ScalarMappable(Normalize(0, vmax), colours)
    extend = "max" if open_end else "neither"
    return axes.figure.colorbar(mappable, cax=axes, orientation=orientation, extend=extend)


def figure_to_bgr(figure: Figure) -> np.ndarray:
    """Render a figure as (H, W, 3) uint8 BGR."""
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
    """Add a vertical colour bar on the right of a picture.

    Args:
        picture: (H, W, 3) uint8 BGR.
        vmax: upper end of the scale; larger values share its colour.
        label: the quantity and its unit.
        width: of the added strip, pixels.

    Returns:
        (H, W + `width`, 3) uint8 BGR.
    """
    height, dpi = picture.shape[0], 100
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, facecolor="white")
    margin = min(16 / height, 0.25)
    axes = figure.add_axes((0.12, margin, 14 / width, 1 - 2 * margin))
    bar = add_colour_bar(axes, colours, vmax, "vertical", open_end=True)
    bar.set_label(label, fontsize=7)
    axes.tick_params(labelsize=7)
    return np.concatenate([picture, figure_to_bgr(figure)], axis=1)
