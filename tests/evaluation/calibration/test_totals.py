import math
import pickle

import numpy as np
import pytest
import torch
from evaluation.drawn_points import FIELDS, draw, scaled

from uncertain_densepose.evaluation.calibration import CalibrationTotals, calibration_totals

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
    assert nominal(results) == pytest.approx([15.9, 43.8, 52.7], abs=1)
    assert results["variance_scale"] == pytest.approx(4, rel=0.03)
    assert results["ence_uv"] == pytest.approx(1, abs=0.05)
    assert results["sharpness_uv"] == pytest.approx(results["rms_error_uv"] / 2, rel=0.02)
    # The order of the points is that of the honest model.
    assert results["ause_uv"] == pytest.approx(totals_of(points, target).results()["ause_uv"])


def test_centimetres_of_a_square_chart_are_a_multiple_of_chart_units():
    results = totals_of(*draw("full", 500)[:2]).results()
    for name in ("sharpness", "rms_error"):
        assert results[f"{name}_cm"] == pytest.approx(40 * results[f"{name}_uv"], rel=1e-5)
    for name in ("ence", "ause"):
        assert results[f"{name}_cm"] == pytest.approx(results[f"{name}_uv"], rel=1e-5)


def test_each_column_equals_its_definition_point_by_point():
    points, target, _ = draw("full", 20)
    jacobian = torch.randn(20, 3, 2, generator=torch.Generator().manual_seed(0)).double()
    kept = totals_of(points, target, jacobian).points()
    covariance = points.covariance()
    for i in range(20):
        residual, sigma = (target - points.mean_uv)[i].numpy(), covariance[i].numpy()
        stretch = 100 * jacobian[i].numpy()
        expected = [
            residual @ np.linalg.inv(sigma) @ residual,
            np.trace(sigma) / 2,
            residual @ residual / 2,
            np.trace(stretch @ sigma @ stretch.T) / 2,
            np.linalg.norm(stretch @ residual) ** 2 / 2,
        ]
        np.testing.assert_allclose([column[i] for column in kept], expected, rtol=1e-5)


def test_totals_of_a_split_set_are_those_of_the_whole():
    points, target, _ = draw("full", 1000)
    whole = totals_of(points, target)
    (rows,) = whole.chunks
    split = sum(
        (CalibrationTotals((part,)) for part in np.split(rows, [100, 100, 730])),
        CalibrationTotals(),
    )
    assert split.results() == pytest.approx(whole.results(), rel=1e-12)
    shuffled = CalibrationTotals((np.random.default_rng(0).permutation(rows),))
    assert shuffled.results() == pytest.approx(whole.results(), rel=1e-9)


def test_a_point_costs_twenty_bytes():
    totals = totals_of(*draw("full", 1000)[:2])
    assert sum(chunk.nbytes for chunk in totals.chunks) == 20 * 1000
    assert len(pickle.dumps(totals)) < 20 * 1000 + 400


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
