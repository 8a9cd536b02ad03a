"""Predicted points of the body in metres, and their covariance against samples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from inference.people_factory import linear_person
from surface_factory import PATCH_SIZE_M, make_tiny_surface

from uncertain_densepose.inference import ChartMetric, body_points, body_points_at
from uncertain_densepose.surface import uv_to_surface


@pytest.fixture(scope="module")
def board_metric() -> ChartMetric:
    return ChartMetric(make_tiny_surface(cells=4))


def test_the_covariance_on_the_body_is_that_of_samples(embedded_surface):
    """Errors of about half a centimetre on torso, thighs and arms, across the borders of faces."""
    metric, rng = ChartMetric(embedded_surface), np.random.default_rng(0)
    part = np.repeat([1, 2, 7, 9, 17], 8)
    uv = rng.uniform(0.4, 0.6, (40, 2))
    root = 0.006 * rng.normal(size=(40, 2, 2))
    covariance_uv = root @ root.swapaxes(1, 2) + 0.004**2 * np.eye(2)
    points = body_points(metric, part, uv, covariance_uv)
    assert (points.surface.distance_uv == 0).all()
    ratio = []
    for k in range(40):
        drawn = rng.multivariate_normal(uv[k], covariance_uv[k], 2000)
        found = uv_to_surface(metric.lookup, np.full(2000, part[k]), *drawn.T)
        ratio.append(np.trace(np.cov(found.position_m.T)) / np.trace(points.covariance_m2[k]))
    assert np.mean(ratio) == pytest.approx(1, abs=0.05)
    assert np.median(np.abs(np.array(ratio) - 1)) < 0.05


def test_the_covariance_on_a_flat_chart_is_exact(board_metric):
    covariance_uv = np.array([[[4e-4, 1e-4], [1e-4, 9e-4]]])
    points = body_points(board_metric, np.array([3]), np.array([[0.4, 0.6]]), covariance_uv)
    metres = PATCH_SIZE_M / 0.9
    expected = np.zeros((3, 3))
    # u runs along x and v along z.
    expected[np.ix_([0, 2], [0, 2])] = metres**2 * covariance_uv[0]
    np.testing.assert_allclose(points.covariance_m2[0], expected, rtol=1e-4, atol=1e-12)


def test_points_of_the_image_and_all_pixels_of_a_person(board_metric):
    person = linear_person((10, 20, 50, 100), (120, 160), part=3)
    person = dataclasses.replace(person, metric=board_metric)
    xy = np.argwhere(person.part > 0)[:, ::-1] + person.window[:2] + 0.5
    points = body_points_at(person, xy)
    assert len(points) == person.part.size
    shown = person.part > 0
    np.testing.assert_allclose(
        1e4 * points.covariance_m2, person.covariance_cm2[shown], rtol=1e-3, atol=1e-6
    )
    # The right hand's patch: u from x = -0.1 to 0 over 0.05..0.95.
    x = (person.uv[shown][:, 0] - 0.05) / 0.9 * PATCH_SIZE_M - PATCH_SIZE_M
    np.testing.assert_allclose(points.position_m[:, 0], x, atol=1e-6)


def test_without_a_noise_model_there_is_no_covariance(board_metric):
    person = linear_person((0, 0, 8, 8), (8, 8), variance=None)
    person = dataclasses.replace(person, metric=board_metric)
    points = body_points_at(person, np.array([[4.0, 4.0]]))
    assert points.covariance_m2 is None and np.isfinite(points.position_m).all()


def test_background_is_nowhere(board_metric):
    points = body_points(
        board_metric, np.array([0]), np.array([[0.5, 0.5]]), np.array([1e-3 * np.eye(2)])
    )
    assert points.surface.face.tolist() == [-1]
    assert np.isnan(points.position_m).all() and np.isnan(points.covariance_m2).all()
