"""Centimetres from chart units: the closed form against samples on a locally linear chart."""

from __future__ import annotations

import numpy as np
import pytest

from tests.surface_factory import PATCH_SIZE_M, make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import flat_metric
from uncertain_densepose.inference import (
    ChartMetric,
    rms_sigma_cm,
    rms_sigma_uv,
    tangent_covariance_cm2,
)

JACOBIAN_M = np.array([[0.30, 0.10], [-0.05, 0.45], [0.20, 0.02]])
COVARIANCE_UV = np.array([[4e-4, -1.5e-4], [-1.5e-4, 9e-4]])


@pytest.fixture(scope="module")
def sampled_positions_cm() -> np.ndarray:
    """Positions on the surface of draws of the chart coordinates, (N, 3)."""
    rng = np.random.default_rng(0)
    drawn_uv = rng.multivariate_normal(np.zeros(2), COVARIANCE_UV, size=400_000)
    return 100 * drawn_uv @ JACOBIAN_M.T


def test_tangent_covariance_is_that_of_samples(sampled_positions_cm):
    expected = np.cov(sampled_positions_cm.T)
    actual = tangent_covariance_cm2(JACOBIAN_M, COVARIANCE_UV)
    np.testing.assert_allclose(actual, expected, atol=0.01 * np.trace(expected))


def test_tangent_covariance_has_no_spread_along_the_normal():
    normal = np.cross(JACOBIAN_M[:, 0], JACOBIAN_M[:, 1])
    actual = tangent_covariance_cm2(JACOBIAN_M, COVARIANCE_UV)
    np.testing.assert_allclose(actual @ normal, 0, atol=1e-12)


def test_sigma_cm_is_the_root_mean_square_over_tangent_directions_of_samples(sampled_positions_cm):
    tangent, _ = np.linalg.qr(JACOBIAN_M)
    angle = np.linspace(0, np.pi, 64, endpoint=False)
    directions = np.stack([np.cos(angle), np.sin(angle)], axis=-1) @ tangent.T
    variance_by_direction = (sampled_positions_cm @ directions.T).var(axis=0)
    expected = np.sqrt(variance_by_direction.mean())
    assert rms_sigma_cm(JACOBIAN_M, COVARIANCE_UV) == pytest.approx(expected, rel=5e-3)


def test_sigma_cm_of_an_isotropic_error_on_a_flat_square():
    half_a_metre = np.array([[0.5, 0], [0, 0.5], [0, 0]])
    assert rms_sigma_cm(half_a_metre, 0.04**2 * np.eye(2)) == pytest.approx(2.0)
    assert rms_sigma_uv(0.04**2 * np.eye(2)) == pytest.approx(0.04)


def test_values_of_many_points_are_those_of_each():
    rng = np.random.default_rng(1)
    jacobian = rng.normal(size=(4, 5, 3, 2))
    root = rng.normal(size=(4, 5, 2, 2))
    covariance = root @ np.swapaxes(root, -1, -2)
    many = rms_sigma_cm(jacobian, covariance)
    assert many.shape == (4, 5)
    for i, j in np.ndindex(4, 5):
        trace = np.trace(tangent_covariance_cm2(jacobian[i, j], covariance[i, j]))
        assert many[i, j] == pytest.approx(np.sqrt(trace / 2))


def test_metric_reads_the_jacobian_of_the_chart_that_is_asked_for():
    sizes_m = np.linspace(0.1, 2.4, 24)
    square = np.array([[1, 0], [0, 1], [0, 0]])
    metric = flat_metric(sizes_m[:, None, None] * square)
    part = np.array([[1, 24], [7, 2]])
    covariance = np.tile(0.01**2 * np.eye(2), (2, 2, 1, 1))
    sigma = metric.sigma_cm(part, np.zeros((2, 2, 2)), covariance)
    np.testing.assert_allclose(sigma, sizes_m[part - 1], rtol=1e-6)
    full = metric.covariance_cm2(part, np.zeros((2, 2, 2)), covariance)
    np.testing.assert_allclose(np.sqrt(np.trace(full, axis1=-2, axis2=-1) / 2), sigma, rtol=1e-6)


def test_centimetres_of_a_surface_file(tmp_path):
    make_tiny_surface(margin=0.05).save(tmp_path / "board.npz")
    metric = ChartMetric.load(tmp_path / "board.npz")
    # A torso chart is two patches wide and one high, a hand one by one; both span 0.9 of the unit.
    part, uv = np.array([2, 4]), np.full((2, 2), 0.5)
    patch_cm = 100 * PATCH_SIZE_M / 0.9
    sigma = metric.sigma_cm(part, uv, np.tile(0.1**2 * np.eye(2), (2, 1, 1)))
    torso = 0.1 * patch_cm * np.sqrt((2**2 + 1**2) / 2)
    np.testing.assert_allclose(sigma, [torso, 0.1 * patch_cm], rtol=1e-5)
    along_u = metric.sigma_cm(part, uv, np.tile(np.diag([0.1**2, 0]), (2, 1, 1)))
    np.testing.assert_allclose(along_u, 0.1 * patch_cm * np.array([2, 1]) / np.sqrt(2), rtol=1e-5)
