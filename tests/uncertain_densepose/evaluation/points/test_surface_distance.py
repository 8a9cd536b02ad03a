import dataclasses

import numpy as np
import pytest

from uncertain_densepose.evaluation.points.surface_distance import NOWHERE, chart_centres


def test_the_distance_within_a_chart_is_that_of_the_plane(flat_distance):
    part = np.array([3, 3])
    vertex = flat_distance.vertex(part, np.array([[0.0, 0.0], [0.75, 1.0]]))
    # 0.3 m along u and 0.4 m along v.
    np.testing.assert_allclose(flat_distance.between_m(vertex[0], vertex[1]), 0.5, atol=1e-3)
    assert flat_distance.between_m(vertex[0], vertex[0]) == 0


def test_background_and_values_that_are_not_finite_are_nowhere(flat_distance):
    uv = np.array([[0.5, 0.5], [np.nan, 0.5], [0.5, np.inf]])
    vertex = flat_distance.vertex(np.array([0, 3, 3]), uv)
    np.testing.assert_array_equal(vertex, NOWHERE)
    assert np.isinf(flat_distance.between_m(vertex, 0)).all()
    assert flat_distance.centre_vertex(np.array([0])) == NOWHERE


def test_coordinates_outside_the_chart_are_clamped(flat_distance):
    part = np.array([5, 5])
    vertex = flat_distance.vertex(part, np.array([[-0.3, 1.7], [0.0, 1.0]]))
    assert vertex[0] == vertex[1]


def test_the_centre_of_a_square_chart_is_its_middle(flat_surface, flat_distance):
    np.testing.assert_allclose(chart_centres(flat_surface)[1:], 0.5, atol=1e-6)
    parts = np.arange(1, 25)
    middle = flat_distance.vertex(parts, np.full((24, 2), 0.5))
    np.testing.assert_array_equal(flat_distance.centre_vertex(parts), middle)


def test_the_centre_weighs_square_metres_and_not_chart_area(flat_surface):
    # Half of the chart's faces, those with u below 1/2, shrink to a third in metres.
    vertices = flat_surface.vertices.copy()
    x = vertices[:, 0] % 0.6
    vertices[:, 0] = np.where(x < 0.2, vertices[:, 0] - x + 0.2 - (0.2 - x) / 3, vertices[:, 0])
    squeezed = dataclasses.replace(flat_surface, vertices=vertices)
    # u has mean 1/4 over the one side and 3/4 over the other, of weight 1 and 3.
    expected = (0.25 * 1 + 0.75 * 3) / 4
    assert chart_centres(squeezed)[1, 0] == pytest.approx(expected, abs=1e-5)
    assert chart_centres(squeezed)[1, 1] == pytest.approx(0.5, abs=1e-5)
