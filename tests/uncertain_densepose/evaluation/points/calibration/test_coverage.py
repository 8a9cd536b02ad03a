import math

import numpy as np
import pytest
import torch
from scipy import stats

from tests.uncertain_densepose.evaluation.drawn_points import FIELDS, draw
from uncertain_densepose.evaluation.points.calibration import (
    ellipse_coverage,
    ellipse_radius_squared,
    mahalanobis_squared,
    quantile_curve,
    quantile_error,
)


@pytest.mark.parametrize("model", FIELDS)
def test_distances_equal_the_quadratic_form_point_by_point(model):
    points, target, _ = draw(model, 40)
    residual = target - points.mean_uv
    covariance = points.covariance()
    expected = [d @ torch.linalg.inv(s) @ d for d, s in zip(residual, covariance, strict=True)]
    actual = mahalanobis_squared(residual, covariance)
    torch.testing.assert_close(actual, torch.stack(expected), rtol=1e-9, atol=1e-12)


def test_distances_stay_right_for_a_needle_and_never_fall_below_zero():
    direction = torch.tensor([[0.6, -0.8]], dtype=torch.float64)
    covariance = 1e-8 * torch.eye(2).double() + direction[:, :, None] * direction[:, None, :]
    across = 1e-4 * torch.tensor([[0.8, 0.6]], dtype=torch.float64)
    assert mahalanobis_squared(across, covariance).item() == pytest.approx(1, rel=1e-6)
    assert mahalanobis_squared(direction, covariance).item() == pytest.approx(1, rel=1e-6)


def test_radii_are_the_quantiles_of_chi_squared():
    levels = torch.tensor([0.0, 0.05, 0.5, 0.9, 0.95, 0.999], dtype=torch.float64)
    expected = torch.as_tensor(stats.chi2(2).ppf(levels.numpy()))
    torch.testing.assert_close(ellipse_radius_squared(levels), expected)


def test_coverage_and_its_curve_equal_counts_below_the_quantiles_of_scipy():
    distance = np.random.default_rng(0).exponential(3, 500)
    levels = np.arange(1, 10) / 10
    expected = [(distance <= stats.chi2(2).ppf(level)).mean() for level in levels]
    coverage = ellipse_coverage(torch.as_tensor(distance), torch.as_tensor(levels))
    np.testing.assert_allclose(coverage, expected)
    curve = quantile_curve(torch.as_tensor(distance), num_levels=9)
    np.testing.assert_allclose(curve.nominal, levels)
    np.testing.assert_allclose(curve.observed, expected)
    assert quantile_error(curve) == pytest.approx(np.abs(expected - levels).mean())


def test_the_edge_belongs_to_the_ellipse():
    radius = ellipse_radius_squared(torch.tensor([0.5], dtype=torch.float64))
    assert ellipse_coverage(radius, [0.5]).item() == 1


def test_what_is_not_a_number_is_not_covered():
    distance = torch.tensor([0.1, math.nan, 0.2, math.inf])
    assert ellipse_coverage(distance).tolist() == [0.5, 0.5, 0.5]


def test_no_points():
    assert mahalanobis_squared(torch.zeros(0, 2), torch.zeros(0, 2, 2)).shape == (0,)
    assert ellipse_coverage(torch.zeros(0)).isnan().all()
    curve = quantile_curve(torch.zeros(0))
    assert curve.nominal.isfinite().all() and curve.observed.isnan().all()
    assert math.isnan(quantile_error(curve))
