"""Lines lie where a coordinate crosses tenths, within one chart, and over nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt

from tests.uncertain_densepose.inference.people_factory import (
    cell_centres,
    figure_person,
    flat_metric,
    linear_person,
    maps_of,
)
from uncertain_densepose.inference import Person
from uncertain_densepose.visualization import draw_isolines
from uncertain_densepose.visualization.isolines import (
    ISOLINE_LEVELS,
    LINE_COLOURS,
    chart_outlines,
    isolines,
)
from uncertain_densepose.visualization.lines import SEAM_BGR

BOX, SIZE = (10.0, 20.0, 90.0, 180.0), (200, 100)
IMAGE = np.full((*SIZE, 3), 90, dtype=np.uint8)
DERIVATIVE = ((0.5, 0.1), (-0.2, 0.4))


@pytest.mark.parametrize("axis", [0, 1])
def test_lines_of_an_affine_map_are_where_it_has_their_value(axis):
    person = linear_person(BOX, SIZE, derivative=DERIVATIVE)
    drawn = 0
    for level, lines in isolines(person, axis):
        for line in lines:
            # Away from the border of the box, where maps are cut, they are affine.
            fraction = (line - BOX[:2]) / np.array([80, 160])
            inner = ((fraction > 0.05) & (fraction < 0.95)).all(axis=-1)
            value = 0.2 + fraction[inner] @ np.array(DERIVATIVE[axis])
            np.testing.assert_allclose(value, level, atol=2e-3)
            drawn += inner.sum()
    assert drawn > 200


def two_charts() -> Person:
    """Two charts side by side; u runs from 0 to 1 in the left one and stays there in the right."""
    x, y = cell_centres(40)
    part = torch.where(x < 0.5, 2, 17)
    maps = maps_of(part, (2 * x).clamp(max=0.97), y)
    return Person(np.array(BOX, np.float32), 0.9, maps, SIZE, flat_metric())


def test_no_line_runs_between_charts():
    lines = [line for _, found in isolines(two_charts(), 0) for line in found]
    x = np.concatenate(lines)[:, 0]
    assert x.max() < 50 and len(lines) == len(ISOLINE_LEVELS)


def test_outlines_surround_the_charts_between_their_pixels_and_others():
    outlines = [np.concatenate(lines) for lines in chart_outlines(two_charts())]
    spans = [(line.min(axis=0), line.max(axis=0)) for line in outlines]
    np.testing.assert_allclose(spans[0], [(10, 20), (50, 180)], atol=0.01)
    np.testing.assert_allclose(spans[1], [(50, 20), (90, 180)], atol=0.01)


def test_the_picture_has_the_colours_of_the_levels_on_their_pixels():
    person = linear_person(BOX, SIZE, derivative=((0.7, 0.0), (0.0, 0.7)))
    picture = draw_isolines(IMAGE, [person])
    # V is 0.55 here, half way between two lines.
    row = picture[100]
    for level in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        x = 10 + 80 * (level - 0.2) / 0.7
        colour = np.array(LINE_COLOURS[0](level, bytes=True)[2::-1], dtype=int)
        near = row[int(x) - 1 : int(x) + 2].astype(int)
        assert np.abs(near - colour).max(axis=1).min() < 70, level
        between = int(10 + 80 * (level + 0.05 - 0.2) / 0.7)
        np.testing.assert_array_equal(row[between], IMAGE[0, 0])


def test_the_background_stays_as_it_is():
    person = figure_person(BOX, SIZE)
    picture = draw_isolines(IMAGE, [person])
    touched = (picture != IMAGE).any(axis=-1)
    elsewhere = np.ones(SIZE, dtype=bool)
    elsewhere[person.window_slices] = person.part == 0
    assert touched.any() and distance_transform_edt(elsewhere)[touched].max() <= 3
    assert (IMAGE == 90).all()


def test_people_behind_show_no_lines_through_the_surer_one():
    front = linear_person(BOX, SIZE, derivative=((0.0, 0.0), (0.0, 0.0)), score=0.9)
    behind = linear_person((10, 20, 95, 180), SIZE, derivative=((0.7, 0), (0, 0.7)), score=0.5)
    alone, both = draw_isolines(IMAGE, [front]), draw_isolines(IMAGE, [front, behind])
    np.testing.assert_array_equal(both[24:176, 14:86], alone[24:176, 14:86])
    assert (both[24:176, 92:97] != IMAGE[24:176, 92:97]).any()


@pytest.mark.parametrize("box", [(5, 5, 5, 5), (5, 5, 6, 50), (-40, -40, -10, -10)])
def test_people_of_hardly_a_pixel_are_drawn(box):
    picture = draw_isolines(IMAGE, [linear_person(box, SIZE)])
    assert picture.shape == IMAGE.shape
    assert (picture[:, 20:] == 90).all()


def test_a_line_is_read_on_its_own_colour():
    white = np.full_like(IMAGE, 255)
    picture = draw_isolines(white, [linear_person(BOX, SIZE, part=3)])
    assert np.abs(picture[100].astype(int) - SEAM_BGR).max(axis=1).min() < 120
