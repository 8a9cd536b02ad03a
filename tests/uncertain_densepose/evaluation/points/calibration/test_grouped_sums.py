import math

import numpy as np
import pytest
import torch

from uncertain_densepose.evaluation.points.calibration import (
    BIN_RATIO,
    binned_quantiles,
    binned_sums,
)
from uncertain_densepose.evaluation.points.calibration.grouped_sums import NUM_BINS, square_bin


def test_bins_are_as_wide_as_said_and_follow_each_other():
    squares = 2.0 ** torch.linspace(-30, 20, 50 * 32 * 8 + 1, dtype=torch.float64)
    bins = square_bin(squares)
    assert set(bins.diff().tolist()) == {0, 1}
    for index in bins.unique()[1:-1].tolist():
        inside = squares[bins == index]
        assert len(inside) == 8 and inside[-1] / inside[0] < BIN_RATIO


def test_the_ends_take_what_has_no_bin():
    values = torch.tensor([0.0, 1e-30, 1e30, math.inf, math.nan])
    assert square_bin(values).tolist() == [0, 0, *[NUM_BINS - 1] * 3]
    inner = torch.tensor([1e-14, 1.0, 1e7])
    assert ((square_bin(inner) > 0) & (square_bin(inner) < NUM_BINS - 1)).all()


def test_sums_equal_a_loop_over_points():
    rng = np.random.default_rng(0)
    square, other = torch.as_tensor(rng.lognormal(size=300)), torch.as_tensor(rng.normal(size=300))
    expected = np.zeros((3, NUM_BINS))
    for key, value in zip(square.tolist(), other.tolist(), strict=True):
        expected[:, math.floor(32 * (math.log2(key) + 48)) + 1] += [1, key, value]
    np.testing.assert_allclose(binned_sums(square, square, other), expected, atol=1e-12)


@pytest.mark.parametrize("num_points", [1, 7, 5000])
def test_quantiles_are_within_a_bin_of_those_of_the_points(num_points):
    squares = np.random.default_rng(1).exponential(3.0, num_points)
    levels = torch.tensor([0.01, 0.25, 0.5, 0.9, 0.99], dtype=torch.float64)
    found = binned_quantiles(binned_sums(torch.as_tensor(squares))[0], levels)
    expected = np.quantile(squares, levels.numpy(), method="inverted_cdf")
    assert (np.abs(np.log(found.numpy() / expected)) < math.log(BIN_RATIO)).all()


def test_quantiles_of_nothing_and_beyond_the_bins():
    half = torch.tensor([0.5], dtype=torch.float64)
    assert binned_quantiles(torch.zeros(NUM_BINS), half).isnan().all()
    assert binned_quantiles(binned_sums(torch.zeros(3))[0], half).item() == 0
    assert binned_quantiles(binned_sums(torch.full((3,), math.nan))[0], half).item() == math.inf
