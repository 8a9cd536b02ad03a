import math

import numpy as np
import pytest
import torch
from scipy import stats

from uncertain_densepose.evaluation.points.calibration import quantile_curve, quantile_error


def test_equals_counts_below_the_quantiles_of_scipy():
    distance = np.random.default_rng(0).exponential(3, 500)
    curve = quantile_curve(torch.as_tensor(distance), num_levels=9)
    levels = np.arange(1, 10) / 10
    np.testing.assert_allclose(curve.nominal, levels)
    expected = [(distance <= stats.chi2(2).ppf(level)).mean() for level in levels]
    np.testing.assert_allclose(curve.observed, expected)
    assert quantile_error(curve) == pytest.approx(np.abs(expected - levels).mean())


def test_draws_of_chi_squared_lie_on_the_diagonal():
    distance = stats.chi2(2).rvs(50_000, random_state=0)
    assert quantile_error(quantile_curve(torch.as_tensor(distance))) < 0.005


def test_a_variance_that_is_four_times_too_small_lies_below_it():
    distance = 4 * stats.chi2(2).rvs(50_000, random_state=0)
    curve = quantile_curve(torch.as_tensor(distance))
    assert (curve.observed < curve.nominal).all()
    # The area between p and 1 - (1 - p)^(1/4) is 1/2 - 1/5.
    assert quantile_error(curve) == pytest.approx(0.3, abs=0.01)


def test_no_points():
    curve = quantile_curve(torch.zeros(0))
    assert curve.nominal.isfinite().all() and curve.observed.isnan().all()
    assert math.isnan(quantile_error(curve))
