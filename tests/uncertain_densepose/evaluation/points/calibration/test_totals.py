import math
import pickle

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.evaluation.drawn_points import FIELDS, draw, scaled
from uncertain_densepose.evaluation.points.calibration import (
    BIN_RATIO,
    CalibrationTotals,
    area_under_sparsification,
    calibration_totals,
    ellipse_coverage,
    expected_normalised_calibration_error,
    mahalanobis_squared,
    quantile_curve,
    quantile_error,
    reliability_bins,
    sparsification_curve,
)

SQUARE_M = torch.tensor([[0.4, 0.0], [0.0, 0.0], [0.0, 0.4]])


def totals_of(points, target, jacobian_m=SQUARE_M):
    jacobian_m = jacobian_m.expand(len(points), 3, 2)
    return calibration_totals(target - points.mean_uv, points.covariance(), jacobian_m)


def nominal(results):
    return [results[f"coverage_{level}"] for level in (50, 90, 95)]


@pytest.mark.parametrize("model", FIELDS)
def test_a_model_is_calibrated_on_its_own_samples(model):
    results = totals_of(*draw(model, 60_000)[:2]).results()
    assert nominal(results) == pytest.approx([50, 90, 95], abs=1)
    assert results["quantile_error"] < 1
    assert results["variance_scale"] == pytest.approx(1, abs=0.03)
    assert results["ence_uv"] < 0.03 and results["ence_cm"] < 0.03
    assert results["sharpness_uv"] == pytest.approx(results["rms_error_uv"], rel=0.02)
    assert results["num_points"] == 60_000


@pytest.mark.parametrize("model", FIELDS)
def test_a_variance_that_is_four_times_too_small_is_reported(model):
    points, target, _ = draw(model, 60_000)
    results = totals_of(scaled(points, 1 / 4), target).results()
    # P(4 χ²₂ ≤ q) = 1 - (1 - level)^(1/4), whose area below the diagonal is 1/2 - 1/5.
    assert nominal(results) == pytest.approx([15.9, 43.8, 52.7], abs=1)
    assert results["quantile_error"] == pytest.approx(30, abs=1)
    assert results["variance_scale"] == pytest.approx(4, rel=0.03)
    assert results["ence_uv"] == pytest.approx(1, abs=0.05)
    assert results["sharpness_uv"] == pytest.approx(results["rms_error_uv"] / 2, rel=0.02)
    # The order of the points is that of the honest model.
    assert results["ause_uv"] == pytest.approx(totals_of(points, target).results()["ause_uv"])


def test_centimetres_of_a_square_chart_are_a_multiple_of_chart_units():
    # The square of 32 is a power of two, so that no point changes its place in a bin.
    points, target, _ = draw("full", 500)
    results = totals_of(points, target, 0.8 * SQUARE_M).results()
    for name in ("sharpness", "rms_error"):
        assert results[f"{name}_cm"] == pytest.approx(32 * results[f"{name}_uv"], rel=1e-6)
    for name in ("ence", "ause"):
        assert results[f"{name}_cm"] == pytest.approx(results[f"{name}_uv"], rel=1e-6)


def test_each_sum_equals_its_definition_point_by_point():
    points, target, _ = draw("full", 20)
    jacobian = torch.randn(20, 3, 2, generator=torch.Generator().manual_seed(0)).double()
    covariance = points.covariance()
    for i in range(20):
        residual, sigma = (target - points.mean_uv)[i].numpy(), covariance[i].numpy()
        stretch = 100 * jacobian[i].numpy()
        kept = calibration_totals((target - points.mean_uv)[[i]], covariance[[i]], jacobian[[i]])
        distance = residual @ np.linalg.inv(sigma) @ residual
        assert kept.by_distance.sum(1).tolist() == pytest.approx([1, distance])
        percent = 100 * (1 - math.exp(-distance / 2))
        assert kept.covered.sum() == np.sum(np.arange(1, 100) >= percent)
        for unit, transform in ((kept.uv, np.eye(2)), (kept.cm, stretch)):
            variance = np.trace(transform @ sigma @ transform.T) / 2
            squared = np.linalg.norm(transform @ residual) ** 2 / 2
            expected = [1, variance, squared, math.sqrt(squared)]
            assert unit.by_variance.sum(1).tolist() == pytest.approx(expected)
            assert unit.by_error.sum(1).tolist() == pytest.approx([1, math.sqrt(squared)])


@pytest.fixture(scope="module")
def many():
    """What a model says of 20000 points, and the errors there: variance and squared error."""
    points, target, _ = draw("full", 20_000)
    variance = points.covariance().diagonal(dim1=-2, dim2=-1).sum(-1) / 2
    return totals_of(points, target), variance, (target - points.mean_uv).square().sum(-1) / 2


def test_curves_and_ence_from_bins_are_close_to_those_of_the_points(many):
    totals, variance, squared_error = many
    exact = sparsification_curve(variance, squared_error.sqrt())
    binned = totals.uv.sparsification()
    torch.testing.assert_close(binned.removed, exact.removed)
    # What a bin cannot tell apart differs by the width of the bin.
    assert ((binned.oracle / exact.oracle).log().abs() < math.log(BIN_RATIO) / 2).all()
    # Here a bin has less than two percent of the points.
    assert totals.uv.by_variance[0].max() < 0.02 * len(variance)
    assert (binned.error - exact.error).abs().max() < 0.005
    results = totals.results()
    assert results["ause_uv"] == pytest.approx(area_under_sparsification(exact), abs=2e-4)
    ence = expected_normalised_calibration_error(reliability_bins(variance, squared_error))
    assert results["ence_uv"] == pytest.approx(ence, abs=0.002)


def test_everything_else_is_exact(many):
    totals, variance, squared_error = many
    results = totals.results()
    assert results["sharpness_uv"] == pytest.approx(variance.mean().sqrt().item(), rel=1e-12)
    rms_error = squared_error.mean().sqrt().item()
    assert results["rms_error_uv"] == pytest.approx(rms_error, rel=1e-12)
    points, target, _ = draw("full", 20_000)
    distance = mahalanobis_squared(target - points.mean_uv, points.covariance())
    assert nominal(results) == [100 * c for c in ellipse_coverage(distance).tolist()]
    assert results["quantile_error"] == 100 * quantile_error(quantile_curve(distance))
    assert results["variance_scale"] == pytest.approx(distance.mean().item() / 2, rel=1e-12)


def test_quantiles_of_distances_lie_beside_the_diagonal_by_the_factor_of_the_variance():
    points, target, _ = draw("full", 60_000)
    for factor in (1, 1 / 4):
        quantiles = totals_of(scaled(points, factor), target).distance_quantiles()
        ratio = (quantiles.observed / quantiles.expected)[9:]
        assert (ratio * factor).tolist() == pytest.approx([1] * 90, abs=0.06)


def test_totals_of_a_split_set_are_those_of_the_whole():
    points, target, _ = draw("full", 1000)
    residual, covariance = target - points.mean_uv, points.covariance()
    order = torch.from_numpy(np.random.default_rng(0).permutation(1000))
    split = sum(
        (
            calibration_totals(residual[k], covariance[k], SQUARE_M.expand(len(k), 3, 2))
            for k in order.split([100, 0, 630, 270])
        ),
        CalibrationTotals(),
    )
    assert split.results() == pytest.approx(totals_of(points, target).results(), rel=1e-12)


def test_what_is_kept_does_not_grow_with_the_points():
    sizes = [len(pickle.dumps(totals_of(*draw("full", count)[:2]))) for count in (40, 4000)]
    assert sizes[0] == pytest.approx(sizes[1], abs=50)
    assert sizes[0] < 350_000


@pytest.mark.filterwarnings("error")
def test_no_points():
    empty = calibration_totals(
        torch.zeros(0, 2).double(), torch.zeros(0, 2, 2).double(), torch.zeros(0, 3, 2)
    )
    for nothing in (CalibrationTotals(), empty, empty + empty):
        results = nothing.results()
        assert results.pop("num_points") == 0
        assert all(math.isnan(value) for value in results.values())
        assert all(isinstance(value, float) for value in results.values())
