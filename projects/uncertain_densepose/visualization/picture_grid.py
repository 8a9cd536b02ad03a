"""A grid of pictures, each below its title and colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from .colour_bar import add_colour_bar, figure_to_bgr
from .error_pictures import error_colours

HEADER_HEIGHT = 54
MIN_WIDTH = 220
"""Pixels of the header, for pictures up to `UNIT_SIDE` pixels; larger pictures have larger ones."""

UNIT_SIDE = 640
GAP = 8
_DPI = 100


class Scale(Protocol):
    """The meaning of a picture's colours. Equal scales must compare equal."""

    def __hash__(self) -> int: ...

    def draw(self, figure: Figure) -> None:
        """Draw it into the lower part of a header, a figure `HEADER_HEIGHT` pixels high."""


@dataclass(frozen=True)
class BarScale:
    """One or more colour bars from 0 to `vmax`.

    Attributes:
        colours: names of matplotlib colour maps.
        vmax: upper end.
        labels: one for each colour map.
        open_end: whether larger values share the last colour.
    """

    colours: tuple[str, ...]
    vmax: float
    labels: tuple[str, ...] = ("",)
    open_end: bool = False

    def draw(self, figure: Figure) -> None:
        share = 1 / len(self.colours)
        for place, (name, label) in enumerate(zip(self.colours, self.labels, strict=True)):
            left = place * share + (0.05 if label else 0.02)
            axes = figure.add_axes((left, 0.36, (place + 0.95) * share - left, 0.2))
            colours = matplotlib.colormaps[name]
            add_colour_bar(axes, colours, self.vmax, "horizontal", self.open_end)
            axes.tick_params(labelsize=8, pad=1, length=2)
            figure.text(place * share + 0.01, 0.34, label, fontsize=9)


@dataclass(frozen=True)
class WheelScale:
    """A colour wheel: direction in the chart, and length from 0 to `vmax_cm` (cm) at the rim."""

    vmax_cm: float

    def draw(self, figure: Figure) -> None:
        width, height = figure.get_size_inches()
        axes = figure.add_axes((1 - height / width, 0, height / width, 1))
        y, x = np.mgrid[1:-1:129j, -1:1:129j]
        radius = np.hypot(x, y)
        colours = error_colours(np.stack([x, y], axis=-1), radius, 1.0)
        wheel = np.dstack([colours, np.where(radius <= 1, 255, 0).astype(np.uint8)])
        axes.imshow(wheel, extent=(-1, 1, -1, 1))
        for x, y, name in ((0.8, 0, "u"), (0, 0.75, "v")):
            axes.text(x, y, name, fontsize=8, ha="center", va="center")
        axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
        axes.axis("off")
        text = f"rim: {self.vmax_cm:.3g} cm"
        figure.text(1 - 1.1 * height / width, 0.25, text, fontsize=9, ha="right")


@dataclass(frozen=True)
class Panel:
    """A picture of the grid.

    Attributes:
        picture: (h, w, 3) uint8 BGR.
        title: above it.
        scale: of its colours, if any.
    """

    picture: np.ndarray
    title: str
    scale: Scale | None = None


def panel_grid(panels: Sequence[Panel], max_columns: int = 4) -> np.ndarray:
    """Arrange panels row by row on white, without resizing their pictures.

    Args:
        panels: at least one.
        max_columns: panels per row.

    Returns:
        (h, w, 3) uint8 BGR.
    """
    largest = max(max(panel.picture.shape[:2]) for panel in panels)
    unit = max(1.0, largest / UNIT_SIDE)
    header_height = round(unit * HEADER_HEIGHT)
    placed, bottom, right = [], GAP, 0
    for start in range(0, len(panels), max_columns):
        row, left = panels[start : start + max_columns], GAP
        for panel in row:
            width = max(round(unit * MIN_WIDTH), panel.picture.shape[1])
            middle = left + (width - panel.picture.shape[1]) // 2
            placed.append((bottom, left, _header(panel.title, panel.scale, width, unit)))
            placed.append((bottom + header_height, middle, panel.picture))
            left += width + GAP
        bottom += header_height + max(panel.picture.shape[0] for panel in row) + GAP
        right = max(right, left)
    grid = np.full((bottom, right, 3), 255, dtype=np.uint8)
    for y, x, picture in placed:
        grid[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return grid


@lru_cache(maxsize=32)
def _header(title: str, scale: Scale | None, width: int, unit: float) -> np.ndarray:
    """(`unit` `HEADER_HEIGHT`, width, 3) uint8 BGR; cached, because drawing text is slow.

    Args:
        width: pixels. unit: scale factor of everything drawn.
    """
    dpi = _DPI * unit
    figure = Figure(figsize=(width / dpi, HEADER_HEIGHT / _DPI), dpi=dpi, facecolor="white")
    figure.text(0.01, 0.7, title, fontsize=11)
    if scale is not None:
        scale.draw(figure)
    header = figure_to_bgr(figure)
    header.setflags(write=False)
    return header
