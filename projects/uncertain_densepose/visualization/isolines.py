"""Lines of equal u and of equal v over the image: how the chart lies on the person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import matplotlib
import numpy as np
from contourpy import ContourGenerator, contour_generator
from scipy.ndimage import find_objects

from ..inference.person import Person
from ..surface import NUM_PARTS
from .lines import draw_lines

LEVELS = tuple(k / 10 for k in range(1, 10))
"""Where lines run, chart units."""

LINE_COLOURS = (matplotlib.colormaps["Wistia"], matplotlib.colormaps["cool"])
"""Of u, from yellow at 0 to orange at 1, and of v, from cyan at 0 to magenta at 1."""

_BORDER_BGR = (255, 255, 255)


def draw_isolines(image: np.ndarray, people: Sequence[Person]) -> np.ndarray:
    """The lines of `LEVELS` of u and v in `LINE_COLOURS`, and the outlines of the charts in white.

    Args:
        image: (H, W, 3) uint8, blue, green, red; left as it is.
        people: who is in it. Of people who overlap, the surest is in front.

    Returns:
        A picture of the image's size.
    """
    picture = image.copy()
    for person in sorted(people, key=lambda p: p.score):
        # The lines of those behind end where the person begins.
        window, shown = person.window_slices, person.part > 0
        picture[window][shown] = image[window][shown]
        for outlines in chart_outlines(person):
            draw_lines(picture, outlines, _BORDER_BGR)
        for axis, colours in enumerate(LINE_COLOURS):
            for level, lines in isolines(person, axis):
                blue, green, red = (int(value) for value in colours(level, bytes=True)[2::-1])
                draw_lines(picture, lines, (blue, green, red))
    return picture


def isolines(person: Person, axis: int) -> Iterator[tuple[float, list[np.ndarray]]]:
    """The lines of a person's u (axis 0) or v (axis 1), chart by chart.

    Yields:
        a level of `LEVELS`, and lines (N, 2) in pixels of the image, pixel centres at half
        integers, along which the map between the pixels of one chart has that value.
    """
    for window, corner, inside in _charts(person):
        if min(inside.shape) < 2:
            continue  # Between the pixels of a single row or column there is no room for a line.
        values = np.ma.masked_where(~inside, person.uv[window][..., axis])
        generator = contour_generator(z=values)
        for level in LEVELS:
            yield level, [line + corner for line in _lines(generator, level)]


def chart_outlines(person: Person) -> Iterator[list[np.ndarray]]:
    """For each chart closed lines (N, 2), half way between its pixels and others.

    In pixels of the image, pixel centres at half integers.
    """
    for _, corner, inside in _charts(person):
        # Beyond the window is another chart too, so that its border closes the line.
        generator = contour_generator(z=np.pad(inside, 1).astype(float))
        yield [line - 1 + corner for line in _lines(generator, 0.5)]


def _lines(generator: ContourGenerator, level: float) -> list[np.ndarray]:
    # What Contourpy gives unless it is asked for another `LineType`.
    return cast("list[np.ndarray]", generator.lines(level))


def _charts(person: Person) -> Iterator[tuple[tuple[slice, slice], np.ndarray, np.ndarray]]:
    """For each chart that shows: the pixels of the window around it, the centre of the first of
    them in the image, and which of them show the chart."""
    for part, window in enumerate(find_objects(person.part, NUM_PARTS), 1):
        if window is not None:
            rows, columns = window
            corner = np.array([columns.start, rows.start]) + person.window[:2] + 0.5
            yield window, corner, person.part[window] == part
