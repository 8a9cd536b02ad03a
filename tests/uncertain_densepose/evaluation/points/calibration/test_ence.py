import math

import numpy as np
import pytest
import torch

from uncertain_densepose.evaluation.points.calibration import (
    expected_normalised_calibration_error,
    reliability_bins,
)


def ence(variance, squared_error, **options):
    bins = reliability_bins(torch.as_tensor(variance), torch.as_tensor(squared_error), **options)
    return expected_normalised_calibration_error(bins)


def slow_ence(variance, squared_error, num_bins):
    """Levi et al. in plain loops, for variances that all differ."""
    order = sorted(range(len(variance)), key=lambda i: variance[i])
    errors = []
    for chunk in np.split(np.array(order), num_bins):
        predicted = math.sqrt(math.fsum(variance[i] for i in chunk) / len(chunk))
        observed = math.sqrt(math.fsum(squared_error[i] for i in chunk) / len(chunk))
        errors.append(abs(predicted - observed) / predicted)
    return sum(errors) / len(errors)


@pytest.fixture
def honest():
    """Predicted variances, and squared errors per direction of draws from them."""
    rng = np.random.default_rng(0)
    variance = np.exp(rng.normal(size=40_000))
    return variance, variance * rng.chisquare(2, size=len(variance)) / 2


@pytest.mark.parametrize("num_bins", [1, 5, 10])
def test_equals_loops_over_bins(num_bins):
    rng = np.random.default_rng(1)
    variance, squared_error = rng.uniform(0.1, 2, 200), rng.uniform(0, 3, 200)
    expected = slow_ence(variance, squared_error, num_bins)
    assert ence(variance, squared_error, num_bins=num_bins) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("factor", [1 / 4, 1, 4])
def test_a_wrong_scale_is_told(honest, factor):
    variance, squared_error = honest
    expected = abs(1 - factor**-0.5)
    assert ence(factor * variance, squared_error) == pytest.approx(expected, abs=0.02)


def test_a_model_that_is_right_on_average_alone_is_not_calibrated(honest):
    variance, squared_error = honest
    shuffled = np.random.default_rng(2).permutation(variance)
    assert ence(shuffled, squared_error) > 0.3


def test_bins_hold_all_points_in_equal_numbers():
    variance = torch.linspace(1, 2, 103)
    bins = reliability_bins(variance, variance)
    assert bins.count.sum() == 103
    assert len(bins.count) == 10 and bins.count.max() - bins.count.min() <= 1
    assert (bins.predicted_rms.diff() > 0).all()
    torch.testing.assert_close(bins.predicted_rms, bins.observed_rms)


def test_equal_variances_share_a_bin_whatever_the_order():
    variance = torch.tensor([3.0] * 40 + [1.0] * 25 + [2.0] * 35)
    squared_error = torch.rand(100, generator=torch.Generator().manual_seed(0))
    bins = reliability_bins(variance, squared_error)
    assert bins.count.tolist() == [25, 35, 40]
    order = torch.randperm(100, generator=torch.Generator().manual_seed(1))
    again = reliability_bins(variance[order], squared_error[order])
    torch.testing.assert_close(again.observed_rms, bins.observed_rms)


def test_one_variance_for_all_is_one_bin():
    squared_error = torch.tensor([0.0, 1.0, 2.0, 13.0])
    assert ence(torch.ones(4), squared_error) == pytest.approx(1)
    assert len(reliability_bins(torch.ones(4), squared_error).count) == 1


def test_fewer_points_than_bins():
    assert reliability_bins(torch.tensor([1.0, 2.0]), torch.ones(2)).count.tolist() == [1, 1]


def test_what_is_not_a_number_is_not_hidden():
    assert math.isnan(ence(torch.tensor([1.0, math.nan, 2.0]), torch.ones(3)))


def test_no_points():
    bins = reliability_bins(torch.zeros(0), torch.zeros(0))
    assert all(len(column) == 0 for column in bins)
    assert math.isnan(expected_normalised_calibration_error(bins))
