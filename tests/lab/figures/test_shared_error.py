"""The figure of the README: which points it shows, and what it draws at them."""

from types import SimpleNamespace

import numpy as np
import pytest

from lab.figures.rendered_person import RenderedPerson, render_person
from lab.figures.shared_error import SIZE
from lab.figures.shared_error_panels import (
    CLICKED_PART,
    LEAST_PIXELS,
    Points,
    draw_shared_error,
    independent_draw,
    right_points,
    two_clicks,
)
from synthetic_people.person import PersonMaker
from uncertain_densepose.inference import Predictor
from uncertain_densepose.surface import ChartLookup, uv_to_surface


def grid_points(height=30, width=10, part=2) -> Points:
    row, column = np.mgrid[:height, :width].reshape(2, -1)
    xy = np.stack([column, row], axis=-1) + 0.5
    return Points(row, column, xy, np.full(len(row), part), xy / 40)


def test_points_are_those_whose_part_is_right_in_parts_of_some_size():
    truth = np.full((40, 30), 2)
    truth[:5] = 7
    predicted = truth.copy()
    predicted[:, :3] = 0
    person = SimpleNamespace(
        part=predicted, window=(0, 0, 30, 40), window_slices=(slice(0, 40), slice(0, 30))
    )
    rendered = SimpleNamespace(part=truth, uv=np.full((40, 30, 2), 0.25))
    points = right_points(rendered, person)
    assert 5 * 27 < LEAST_PIXELS < 35 * 27
    assert set(points.part) == {2}
    assert len(points.row) == 35 * 27 and points.column.min() == 3


def test_independent_draws_have_the_covariance_of_their_pixel_and_nothing_in_common():
    covariance = np.array([[4.0, 1.0], [1.0, 2.0]])
    person = SimpleNamespace(covariance_uv=np.broadcast_to(covariance, (200, 200, 2, 2)))
    error = independent_draw(person, grid_points(200, 200), seed=0)
    np.testing.assert_allclose(np.cov(error.T), covariance, atol=0.1)
    np.testing.assert_allclose(error.mean(axis=0), 0, atol=0.05)


def test_the_two_clicks_name_the_truth_of_two_pixels_one_above_the_other():
    clicked, clicks = two_clicks(grid_points())
    assert clicked.row[0] < 15 < clicked.row[1]
    np.testing.assert_array_equal([(c.x, c.y) for c in clicks], clicked.xy)
    np.testing.assert_array_equal([(c.u, c.v) for c in clicks], clicked.uv)
    assert [c.part for c in clicks] == [2, 2]


def test_spaced_points_keep_their_distance():
    xy = grid_points(40, 40).spaced(8).xy
    distance = np.linalg.norm(xy[:, None] - xy[None], axis=-1)
    assert len(xy) > 15 and distance[distance > 0].min() >= 8


@pytest.fixture(scope="module")
def rendered(embedded_surface) -> RenderedPerson:
    return render_person(PersonMaker.create(embedded_surface), 1, *SIZE)


def test_a_pixel_shows_the_body_where_the_truth_says(rendered: RenderedPerson, embedded_surface):
    lookup = ChartLookup(embedded_surface)
    row, column = np.nonzero(rendered.part == CLICKED_PART)
    some = slice(None, None, 97)
    row, column = row[some], column[some]
    uv, part = rendered.uv[row, column], rendered.part[row, column]
    seen = rendered.project(lookup, part, uv)
    np.testing.assert_allclose(seen, np.stack([column, row], axis=-1) + 0.5, atol=0.05)
    assert (uv_to_surface(lookup, part, *uv.T).face >= 0).all()


def test_clicks_lower_the_error_that_the_figure_states(rendered: RenderedPerson):
    person = Predictor.from_zoo("synth/unc_full_small", device="cpu")(rendered.image)[0]
    figure = draw_shared_error(rendered, person, seed=3)
    stated = [text.get_text() for axes in figure.axes[3:] for text in axes.texts]
    before, after = (float(s.split("\n")[1].split()[0]) for s in stated if "on average" in s)
    assert after < 0.8 * before
