"""Covariance ellipses: exact on affine maps, absent where the map says nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.inference.people_factory import (
    cell_centres,
    figure_person,
    flat_metric,
    linear_person,
    maps_of,
)
from uncertain_densepose.inference import Person
from uncertain_densepose.visualization import draw_ellipses, person_ellipses
from uncertain_densepose.visualization.ellipses import (
    MAX_CONDITION,
    chart_gradient,
    ellipses_from_covariance,
    spread_points,
    well_conditioned,
)

BOX = (10.0, 20.0, 90.0, 180.0)
SIZE = (200, 100)
DERIVATIVE = np.array([[0.5, 0.1], [-0.2, 0.4]])


def test_the_gradient_of_an_affine_map_is_its_matrix():
    y, x = np.mgrid[:20, :30]
    matrix = np.array([[0.02, -0.01], [0.005, 0.03]])
    uv = np.stack([x, y], axis=-1) @ matrix.T
    gradient = chart_gradient(np.full((20, 30), 4), uv, step=(2, 3))
    np.testing.assert_allclose(gradient[3:-3, 2:-2], np.broadcast_to(matrix, (14, 26, 2, 2)))
    border = np.ones((20, 30), dtype=bool)
    border[3:-3, 2:-2] = False
    assert np.isnan(gradient[border]).all()


def test_no_gradient_across_charts_or_on_background():
    y, x = np.mgrid[:9, :12]
    part = np.where(x < 4, 1, np.where(x < 8, 2, 0))
    gradient = chart_gradient(part, np.stack([x, y], axis=-1).astype(float), step=(1, 1))
    known = np.isfinite(gradient).all(axis=(-2, -1))
    expected = np.zeros_like(known)
    expected[1:-1, [1, 2, 5, 6]] = True
    np.testing.assert_array_equal(known, expected)


def test_the_condition_is_that_of_the_singular_values():
    rng = np.random.default_rng(0)
    gradient = rng.normal(size=(2000, 2, 2)) * 10 ** rng.uniform(-4, 4, (2000, 1, 1))
    gradient[0], gradient[1], gradient[2] = 0, np.nan, [[1, 2], [2, 4]]
    spread = np.linalg.svd(np.nan_to_num(gradient), compute_uv=False)
    expected = spread[:, 1] * MAX_CONDITION > spread[:, 0]
    np.testing.assert_array_equal(well_conditioned(gradient), expected)
    assert 0.2 < expected.mean() < 0.9 and not expected[:3].any()


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (2, 9), (1, 1)])
def test_maps_too_small_for_differences_have_no_gradient(shape):
    gradient = chart_gradient(np.ones(shape, dtype=int), np.zeros((*shape, 2)), step=(1, 1))
    assert gradient.shape == (*shape, 2, 2) and np.isnan(gradient).all()


def test_ellipses_of_an_affine_map_are_the_covariance_carried_back():
    variance = 2e-4
    person = linear_person(BOX, SIZE, derivative=DERIVATIVE.tolist(), variance=variance)
    ellipses = person_ellipses(person, num_sigma=2.0, spacing=20, max_radius=1e3)
    per_pixel = DERIVATIVE / np.array([80.0, 160.0])
    inverse = np.linalg.inv(per_pixel)
    expected = variance * inverse @ inverse.T
    # Elsewhere differences reach into the margin of the map, where values are repeated.
    middle = (np.abs(ellipses.centre - [50, 100]) < [32, 65]).all(axis=1)
    assert middle.sum() >= 12
    outlines = ellipses.outlines()[middle] - ellipses.centre[middle, None]
    squared = np.einsum("nki,ij,nkj->nk", outlines, np.linalg.inv(expected), outlines)
    np.testing.assert_allclose(squared, 2.0**2, rtol=1e-3)
    assert not ellipses.clipped.any()


def test_the_longer_semi_axis_comes_first_and_the_axes_are_perpendicular():
    covariance = np.array([[[4.0, 0], [0, 25]], [[9, 4], [4, 9]]])
    ellipses = ellipses_from_covariance(np.zeros((2, 2)), covariance, 1.0, 100.0)
    length = np.linalg.norm(ellipses.axes, axis=-1)
    np.testing.assert_allclose(length, [[5, 2], [np.sqrt(13), np.sqrt(5)]])
    np.testing.assert_allclose((ellipses.axes[:, 0] * ellipses.axes[:, 1]).sum(-1), 0, atol=1e-12)
    np.testing.assert_allclose(np.abs(ellipses.axes[0, 0]), [0, 5], atol=1e-12)


def test_long_semi_axes_are_cut_and_marked():
    covariance = np.array([np.diag([4.0, 400.0]), np.diag([4.0, 9.0])])
    ellipses = ellipses_from_covariance(np.zeros((2, 2)), covariance, 1.0, max_radius=5.0)
    np.testing.assert_allclose(np.linalg.norm(ellipses.axes, axis=-1), [[5, 2], [3, 2]])
    assert ellipses.clipped.tolist() == [True, False]


def test_ellipses_are_centred_on_pixel_centres_of_the_person():
    person = figure_person(BOX, SIZE)
    ellipses = person_ellipses(person)
    assert len(ellipses) > 5
    x0, y0 = person.window[:2]
    column, row = (ellipses.centre - 0.5 - [x0, y0]).T
    np.testing.assert_array_equal(column, np.round(column))
    assert (person.part[row.astype(int), column.astype(int)] > 0).all()


@pytest.mark.parametrize(
    "derivative", [((0, 0), (0, 0)), ((0.5, 0), (0, 0)), ((0.5, 0), (0, 0.02))]
)
def test_points_where_the_map_has_stalled_are_skipped(derivative):
    assert len(person_ellipses(linear_person(BOX, SIZE, derivative=derivative))) == 0


@pytest.mark.parametrize(
    "person",
    [
        linear_person(BOX, SIZE, variance=None),
        linear_person(BOX, SIZE, part=0),
        linear_person((5, 5, 5, 5), SIZE),
        linear_person((5.2, 5.2, 6.1, 6.1), SIZE),
    ],
    ids=["no noise model", "background", "no area", "one pixel"],
)
def test_people_without_ellipses(person):
    assert len(person_ellipses(person)) == 0
    image = np.zeros((*SIZE, 3), dtype=np.uint8)
    np.testing.assert_array_equal(draw_ellipses(image, [person]), image)


def test_a_network_that_has_diverged_gives_no_ellipses():
    x, y = cell_centres(8)
    maps = maps_of(torch.full((8, 8), 2), x, y, torch.full((8, 8), float("inf")))
    person = Person(np.array(BOX, np.float32), 1.0, maps, SIZE, flat_metric())
    assert len(person_ellipses(person)) == 0


def test_spread_points_are_candidates_and_keep_their_distance():
    candidates = np.zeros((60, 90), dtype=bool)
    candidates[5:55, 10:80] = True
    points = spread_points(candidates, spacing=10)
    assert candidates[points[:, 0], points[:, 1]].all()
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    assert distance[~np.eye(len(points), dtype=bool)].min() >= 5
    assert len(points) == 6 * 7
    assert len(spread_points(np.zeros((6, 9), dtype=bool), 3)) == 0


def test_drawn_lines_lie_on_the_outline():
    person = linear_person((0, 0, 100, 200), SIZE, derivative=((0.5, 0), (0, 1.0)), variance=1e-3)
    picture = draw_ellipses(np.zeros((*SIZE, 3), np.uint8), [person], colour_bgr=(0, 255, 0))
    drawn = np.argwhere(picture[..., 1] > 200)[:, ::-1] + 0.5
    vertices = person_ellipses(person).outlines(400).reshape(-1, 2)
    distance = np.linalg.norm(drawn[:, None] - vertices[None], axis=-1).min(axis=1)
    assert len(drawn) > 100 and distance.max() < 1.0
