"""A person's uncertainty on the body: means over the pixels that show a place, grey elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.surface_factory import PATCH_SIZE_M, make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import linear_person
from uncertain_densepose.inference import ChartMetric
from uncertain_densepose.visualization import (
    BodyPictures,
    PictureStyle,
    make_panels,
    picture_grid,
)
from uncertain_densepose.visualization.body_figure import NO_VALUE
from uncertain_densepose.visualization.palette import SIGMA_COLOURS
from uncertain_densepose.visualization.picture_grid import GAP, HEADER_HEIGHT

IMAGE = np.full((120, 100, 3), 90, dtype=np.uint8)
BOX, SIZE = (10, 10, 90, 110), (120, 100)
METRIC = ChartMetric(make_tiny_surface(cells=8))
BANDWIDTH_M = 0.02


def person_on_board(part=2, variance=0.01, score=0.9, box=BOX):
    """Shows u and v from 0.2 to 0.8 of a chart."""
    person = linear_person(box, SIZE, part=part, variance=variance, score=score)
    return replace(person, metric=METRIC)


@pytest.fixture(scope="module")
def body() -> BodyPictures:
    return BodyPictures(METRIC.surface, height=260, bandwidth_m=BANDWIDTH_M)


def test_vertices_have_the_kernel_mean_of_the_pixels_at_them(body):
    """The same in a plain loop over the vertices of the geodesic table, here all of them."""
    person = person_on_board()
    surface = METRIC.surface
    shown = person.part > 0
    place = METRIC.lookup.vertex(person.part[shown], person.uv[shown])
    sigma_cm = person.sigma_cm[shown].astype(np.float64)
    found = body.sigma_cm(person)
    for vertex in range(0, len(surface.vertices), 7):
        apart = surface.geodesic_distance(np.full(len(place), vertex), place).astype(np.float64)
        weight = np.exp(-(apart**2) / (2 * BANDWIDTH_M**2)) * (apart <= 2 * BANDWIDTH_M)
        expected = weight @ sigma_cm / weight.sum() if weight.any() else np.nan
        np.testing.assert_allclose(found[vertex], expected, rtol=1e-5)


def test_only_the_part_that_is_seen_and_what_is_near_has_a_value(body):
    found = body.sigma_cm(person_on_board(part=2))
    height_m = METRIC.surface.vertices[:, 2]
    # Part 2 is the second row from the top of thirteen.
    top, bottom = 12 * PATCH_SIZE_M, 11 * PATCH_SIZE_M
    seen = np.isfinite(found)
    reach = 2 * BANDWIDTH_M + PATCH_SIZE_M / 8
    assert seen[(height_m < top - 0.03) & (height_m > bottom + 0.03)].mean() > 0.6
    assert not seen[(height_m > top + reach) | (height_m < bottom - reach)].any()


@pytest.mark.parametrize("person", [person_on_board(part=0), person_on_board(box=(5, 5, 5, 5))])
def test_a_person_without_pixels_is_seen_nowhere(body, person):
    assert np.isnan(body.sigma_cm(person)).all()
    assert body.draw(IMAGE, [person], 0).dtype == np.uint8


def test_a_person_without_a_noise_model_is_refused(body):
    with pytest.raises(ValueError, match="no noise model"):
        body.sigma_cm(person_on_board(variance=None))


def front_view(picture) -> np.ndarray:
    """The pixels of the second of the panels, red, green, blue."""
    left = GAP + 220 + GAP
    return picture[GAP + HEADER_HEIGHT : GAP + HEADER_HEIGHT + 260, left : left + 220, ::-1]


def test_the_picture_has_the_colour_of_the_value_where_it_is_seen_and_grey_elsewhere(body):
    person = person_on_board(part=2)
    (value_cm,) = np.unique(np.round(body.sigma_cm(person), 4)[np.isfinite(body.sigma_cm(person))])[
        :1
    ]
    front = front_view(body.draw(IMAGE, [person], 0, vmax_cm=2 * value_cm))
    colour = 255 * np.array(SIGMA_COLOURS(0.5)[:3])
    # The board is thirteen rows high: part 2 is in the middle of the second.
    np.testing.assert_allclose(front[30, 110], colour, atol=3)
    np.testing.assert_allclose(front[200, 110], 255 * np.array(NO_VALUE), atol=1)
    assert (front[30, :80] == 255).all()


@pytest.fixture
def headers(monkeypatch):
    """Title and scale of every panel that is drawn."""
    drawn = []
    header = picture_grid._header
    monkeypatch.setattr(picture_grid, "_header", lambda *a: (drawn.append(a[:2]), header(*a))[1])
    return drawn


def test_the_person_is_named_by_their_number(body, headers):
    people = [person_on_board(score=0.9), person_on_board(part=3, score=0.6)]
    second, first = body.draw(IMAGE, people, 1), body.draw(IMAGE, people, 0)
    titles = [title for title, _ in headers]
    assert titles[0] == "person 1 of 2, score 0.60" and titles[5] == "person 0 of 2, score 0.90"
    assert titles[1:5] == ["front, σ (cm)", "back", "left side", "right side"]
    assert (second != first).any()


def test_the_scale_is_that_of_sigma_on_the_image(body, headers):
    person = person_on_board()
    body.draw(IMAGE, [person], 0, vmax_cm=6.0)
    (panel,) = make_panels([["sigma"]], IMAGE, [person], PictureStyle(vmax_cm=6.0))
    assert [scale for _, scale in headers] == [None, panel.scale, None, None, None]
