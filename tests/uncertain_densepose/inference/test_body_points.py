"""Predicted points of the body in metres, and their covariance against samples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm, qmc

from tests.surface_factory import PATCH_SIZE_M, make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import linear_person
from uncertain_densepose.inference import ChartMetric, body_points, body_points_at
from uncertain_densepose.inference.body_points import SIGMA_POINTS
from uncertain_densepose.surface import Surface, surface_to_uv, uv_to_surface


@pytest.fixture(scope="module")
def board_metric() -> ChartMetric:
    return ChartMetric(make_tiny_surface(cells=4))


def points_of_all_parts(surface: Surface, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Parts (24 each,) and coordinates of points, evenly spread over every part."""
    rng = np.random.default_rng(0)
    a, b, c = surface.vertices[surface.faces].astype(np.float64).transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    share = [area * (surface.face_part == part) for part in range(1, 25)]
    face = np.concatenate([rng.choice(len(area), each, p=s / s.sum()) for s in share])
    part, u, v = surface_to_uv(surface, face, rng.dirichlet([1, 1, 1], len(face)))
    return part.astype(int), np.column_stack([u, v])


def elongated_covariances(sigma_uv: float, count: int) -> np.ndarray:
    """(count, 2, 2) of one rms sigma, one to three times as long as wide, in all directions."""
    rng = np.random.default_rng(1)
    ratio, angle = rng.uniform(1, 3, count), rng.uniform(0, np.pi, count)
    long, wide = np.array([ratio, 1 / ratio]) * sigma_uv * np.sqrt(2 / (ratio**2 + ratio**-2))
    axis = np.column_stack([np.cos(angle), np.sin(angle)])
    outer = axis[:, :, None] * axis[:, None, :]
    return wide[:, None, None] ** 2 * np.eye(2) + (long**2 - wide**2)[:, None, None] * outer


def standard_draws(count: int) -> np.ndarray:
    """(count, 2) quasi-random draws of mean 0 and covariance I: a hundredth of the usual error."""
    draws = norm.ppf(qmc.Sobol(2, seed=0).random(count))
    draws -= draws.mean(axis=0)
    return draws @ np.linalg.inv(np.linalg.cholesky(np.cov(draws.T, bias=True))).T


@pytest.mark.parametrize("sigma_uv", [0.003, 0.01, 0.03])
def test_the_covariance_on_the_body_is_that_of_samples(embedded_surface, sigma_uv):
    """Where they stay on the chart; 1 to 10 mm long, so that they are of one face or of many."""
    metric, count = ChartMetric(embedded_surface), 512
    part, uv = points_of_all_parts(embedded_surface, each=3)
    covariance_uv = elongated_covariances(sigma_uv, len(part))
    found = body_points(metric, part, uv, covariance_uv).covariance_m2
    drawn = uv[:, None] + standard_draws(count) @ np.linalg.cholesky(covariance_uv).swapaxes(1, 2)
    samples = uv_to_surface(metric.lookup, np.repeat(part, count), *drawn.reshape(-1, 2).T)
    inside = (samples.distance_uv.reshape(-1, count) == 0).all(axis=1)
    position_m = samples.position_m.reshape(-1, count, 3)
    expected = np.array([np.cov(cloud.T) for cloud in position_m])
    assert inside.sum() > 15
    trace = np.trace(found, axis1=1, axis2=2) / np.trace(expected, axis1=1, axis2=2)
    off = np.linalg.norm(found - expected, axis=(1, 2)) / np.linalg.norm(expected, axis=(1, 2))
    assert np.abs(trace[inside] - 1).max() < 0.05
    assert (off[inside] < 0.05).mean() > 0.95 and np.median(off[inside]) < 0.01
    # Samples that leave the chart are put on its border, which no face's Jacobian tells.
    assert np.median(off[~inside]) < 0.05


def test_the_covariance_is_the_sum_over_seven_points(embedded_surface):
    metric = ChartMetric(embedded_surface)
    part, uv = points_of_all_parts(embedded_surface, each=2)
    covariance_uv = elongated_covariances(0.03, len(part))
    found = body_points(metric, part, uv, covariance_uv).covariance_m2
    angle = np.deg2rad(60) * np.arange(6)
    nodes = np.vstack([[0, 0], 2 * np.column_stack([np.cos(angle), np.sin(angle)])])
    weights = np.array([1 / 2] + [1 / 12] * 6)
    for k in range(len(part)):
        drawn = uv[k] + nodes @ np.linalg.cholesky(covariance_uv[k]).T
        x = uv_to_surface(metric.lookup, np.full(7, part[k]), *drawn.T).position_m
        expected = np.cov(x.T, aweights=weights, ddof=0)
        np.testing.assert_allclose(found[k], expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("powers", [(i, j) for i in range(6) for j in range(6 - i)])
def test_the_seven_points_have_the_moments_of_the_normal_distribution(powers):
    moment = {0: 1, 1: 0, 2: 1, 3: 0, 4: 3, 5: 0}
    found = (SIGMA_POINTS**powers).prod(axis=1).sum() / 12 + 0.5 * (powers == (0, 0))
    assert found == pytest.approx(moment[powers[0]] * moment[powers[1]], abs=1e-12)


def test_off_the_chart_it_is_that_of_the_nearest_point(board_metric):
    """And not smaller and smaller, the further off."""
    covariance_uv = np.tile(4e-4 * np.eye(2), (3, 1, 1))
    uv = np.array([[0.95, 0.5], [0.98, 0.5], [1.5, 0.5]])
    points = body_points(board_metric, np.full(3, 7), uv, covariance_uv)
    assert (points.surface.distance_uv[1:] > 0).all()
    for covariance in points.covariance_m2[1:]:
        np.testing.assert_allclose(covariance, points.covariance_m2[0], rtol=1e-4, atol=1e-10)
    assert points.covariance_m2[0, 0, 0] > 0 and points.covariance_m2[0, 2, 2] > 0


@pytest.mark.parametrize(
    "singular",
    [
        np.zeros((2, 2)),
        np.diag([1e-3, 0]),
        np.diag([0, 1e-3]),
        np.full((2, 2), 1e-3),
        # Of rounding.
        np.diag([-1e-12, 1e-3]),
    ],
)
def test_a_covariance_without_an_inverse_will_do(board_metric, singular):
    points = body_points(board_metric, np.array([3]), np.array([[0.4, 0.6]]), singular[None])
    metres = PATCH_SIZE_M / 0.9
    np.testing.assert_allclose(
        points.covariance_m2[0][np.ix_([0, 2], [0, 2])], metres**2 * singular, rtol=1e-4, atol=1e-9
    )


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
