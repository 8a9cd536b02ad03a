"""Lines of equal u and of equal v: how the charts lie on the person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import matplotlib
import numpy as np
from contourpy import ContourGenerator, contour_generator
from scipy.ndimage import find_objects

from ..inference.dense_person import DensePerson
from ..surface import NUM_PARTS
from .lines import draw_lines

ISOLINE_LEVELS = tuple(k / 10 for k in range(1, 10))
"""The values of u and v that have a line, chart units."""

LINE_COLOURS = (matplotlib.colormaps["Wistia"], matplotlib.colormaps["cool"])
"""For u, yellow at 0 to orange at 1; for v, cyan at 0 to magenta at 1."""

_BORDER_BGR = (255, 255, 255)


def draw_isolines(image: np.ndarray, people: Sequence[DensePerson]) -> np.ndarray:
    """Lines of equal u and v at `ISOLINE_LEVELS`, in `LINE_COLOURS`, and white chart outlines.

    Args:
        image: (H, W, 3) uint8 BGR; not changed.
        people: found in it; higher scores are in front.

    Returns:
        A picture of the image's size.
    """
    picture = image.copy()
    for person in sorted(people, key=lambda p: p.score):
        # Erase the lines of people behind this one.
        window, shown = person.window_slices, person.part > 0
        picture[window][shown] = image[window][shown]
        for outlines in chart_outlines(person):
            draw_lines(picture, outlines, _BORDER_BGR)
        for axis, colours in enumerate(LINE_COLOURS):
            for level, lines in isolines(person, axis):
                blue, green, red = (int(value) for value in colours(level, bytes=True)[2::-1])
                draw_lines(picture, lines, (blue, green, red))
    return picture


def isolines(person: DensePerson, axis: int) -> Iterator[tuple[float, list[np.ndarray]]]:
    """The lines of equal u (axis 0) or v (axis 1) of a person, chart by chart.

    Yields:
        A value of `ISOLINE_LEVELS`, and the lines (N, 2) where the interpolated map of one chart
        has it, pixels of the image, pixel centres at half integers.
    """
    for window, corner, inside in _charts(person):
        if min(inside.shape) < 2:
            continue  # A single row or column of pixels has no area for a line.
        values = np.ma.masked_where(~inside, person.uv[window][..., axis])
        generator = contour_generator(z=values)
        for level in ISOLINE_LEVELS:
            yield level, [line + corner for line in _lines(generator, level)]


def chart_outlines(person: DensePerson) -> Iterator[list[np.ndarray]]:
    """For each chart its closed outlines (N, 2), half-way between its pixels and others.

    Pixels of the image, pixel centres at half integers.
    """
    for _, corner, inside in _charts(person):
        # Padding closes the outlines at the border of the window.
        generator = contour_generator(z=np.pad(inside, 1).astype(float))
        yield [line - 1 + corner for line in _lines(generator, 0.5)]


def _lines(generator: ContourGenerator, level: float) -> list[np.ndarray]:
    # The result for contourpy's default `LineType`.
    return cast("list[np.ndarray]", generator.lines(level))


def _charts(person: DensePerson) -> Iterator[tuple[tuple[slice, slice], np.ndarray, np.ndarray]]:
    """For each visible chart: its bounding slices in the window, the image position (2,) of their
    first pixel's centre, and which of their pixels show the chart."""
    for part, window in enumerate(find_objects(person.part, NUM_PARTS), 1):
        if window is not None:
            rows, columns = window
            corner = np.array([columns.start, rows.start]) + person.window[:2] + 0.5
            yield window, corner, person.part[window] == part
