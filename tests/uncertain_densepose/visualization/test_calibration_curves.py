"""The reliability curve and the sparsification curve."""

import matplotlib.image
import numpy as np
import pytest
import torch

from tests.uncertain_densepose.evaluation.drawn_points import draw, scaled
from uncertain_densepose.evaluation.points.calibration import (
    CalibrationTotals,
    calibration_totals,
    sparsification_curve,
)
from uncertain_densepose.visualization.reliability_curve import draw_reliability_curve
from uncertain_densepose.visualization.sparsification_curve import draw_sparsification_curve

SQUARE_M = torch.tensor([[0.4, 0.0], [0.0, 0.0], [0.0, 0.4]])


def curves(totals):
    return totals.quantile_curve(), totals.distance_quantiles()


def calibration(factor, num_points=2000) -> CalibrationTotals:
    """Of a model whose variances are right but for a factor."""
    points, target, _ = draw("full", num_points)
    covariance = scaled(points, factor).covariance()
    jacobian = SQUARE_M.expand(num_points, 3, 2)
    return calibration_totals(target - points.mean_uv, covariance, jacobian)


def blue(path) -> np.ndarray:
    """(H, W) bool, where a figure has the first curve's colour, legends left out."""
    pixels = matplotlib.image.imread(path)[..., :3]
    coloured = (pixels[..., 2] > 0.6) & (pixels[..., 0] < 0.3)
    coloured[: len(coloured) // 4] = False
    return coloured


def blue_rows(path) -> tuple[float, float]:
    """Mean row of the first curve's colour in the left and in the right half."""
    halves = np.array_split(blue(path), 2, axis=1)
    return tuple(float(np.nonzero(half)[0].mean()) for half in halves)


def test_a_model_that_is_too_sure_covers_less_and_has_longer_distances(tmp_path):
    path = tmp_path / "reliability.png"
    draw_reliability_curve({"timid": curves(calibration(4))}, path)
    timid = blue_rows(path)
    draw_reliability_curve({"sure": curves(calibration(1 / 4))}, path)
    sure = blue_rows(path)
    assert sure[0] > timid[0] + 50
    # The quantiles fill their axes whatever their size is; the diagonal tells it.
    draw_reliability_curve({"honest": curves(calibration(1))}, path)
    assert sure[1] < blue_rows(path)[1] < timid[1]


def test_a_worse_order_has_a_higher_curve(tmp_path):
    path = tmp_path / "sparsification.png"
    error = torch.as_tensor(np.random.default_rng(0).exponential(size=1000))
    rows = {}
    for name, key in (("good", error + 0.1 * error.flip(0)), ("bad", error + 5 * error.flip(0))):
        draw_sparsification_curve({name: sparsification_curve(key, error)}, path)
        rows[name] = blue_rows(path)[1]
    assert rows["bad"] < rows["good"]


@pytest.mark.filterwarnings("error")
def test_curves_without_points_are_left_out(tmp_path):
    nothing = CalibrationTotals()
    draw_reliability_curve({"nothing": curves(nothing)}, tmp_path / "a.png")
    draw_sparsification_curve({"nothing": nothing.uv.sparsification()}, tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        pixels = matplotlib.image.imread(tmp_path / name)[..., :3]
        assert np.ptp(pixels, axis=2).max() < 0.05


@pytest.mark.filterwarnings("error")
def test_a_model_that_has_diverged_is_drawn_too(tmp_path):
    lost = calibration_totals(
        torch.full((3, 2), torch.nan).double(),
        torch.eye(2).expand(3, 2, 2).double(),
        SQUARE_M.expand(3, 3, 2),
    )
    draw_reliability_curve({"lost": curves(lost)}, tmp_path / "a.png")
    draw_sparsification_curve({"lost": lost.cm.sparsification()}, tmp_path / "b.png")
    coverage, distances = np.array_split(blue(tmp_path / "a.png"), 2, axis=1)
    # A line at the bottom: no ellipse covers anything; and no distance or error is a number.
    assert coverage.any() and np.nonzero(coverage)[0].min() > 0.85 * len(coverage)
    assert not distances.any() and not blue(tmp_path / "b.png").any()
