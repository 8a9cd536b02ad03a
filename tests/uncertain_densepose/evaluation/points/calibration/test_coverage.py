import math

import pytest
import torch
from scipy import stats

from tests.uncertain_densepose.evaluation.drawn_points import FIELDS, draw, scaled
from uncertain_densepose.evaluation.points.calibration import (
    ellipse_coverage,
    ellipse_radius_squared,
    mahalanobis_squared,
)


def distances(points, target):
    return mahalanobis_squared(target - points.mean_uv, points.covariance())


def test_radii_are_the_quantiles_of_chi_squared():
    levels = torch.tensor([0.0, 0.05, 0.5, 0.9, 0.95, 0.999], dtype=torch.float64)
    expected = torch.as_tensor(stats.chi2(2).ppf(levels.numpy()))
    torch.testing.assert_close(ellipse_radius_squared(levels), expected)


def test_equals_a_count_point_by_point():
    points, target, _ = draw("full", 200)
    distance = distances(points, target).tolist()
    levels = [0.1, 0.5, 0.75, 0.9]
    expected = [
        sum(math.exp(-d / 2) >= 1 - level for d in distance) / len(distance) for level in levels
    ]
    actual = ellipse_coverage(torch.tensor(distance, dtype=torch.float64), levels)
    assert actual.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("model", FIELDS)
def test_of_samples_of_the_prediction_it_is_nominal_within_one_percent(model):
    coverage = ellipse_coverage(distances(*draw(model, 60_000)[:2]))
    assert coverage.tolist() == pytest.approx([0.5, 0.9, 0.95], abs=0.01)


@pytest.mark.parametrize("model", FIELDS)
def test_a_variance_that_is_four_times_too_small_is_seen(model):
    points, target, _ = draw(model, 60_000)
    coverage = ellipse_coverage(distances(scaled(points, 1 / 4), target))
    # P(4 χ²₂ ≤ q) = 1 - (1 - level)^(1/4).
    expected = [1 - (1 - level) ** 0.25 for level in (0.5, 0.9, 0.95)]
    assert coverage.tolist() == pytest.approx(expected, abs=0.01)
    assert coverage[2] < 0.6


def test_the_edge_belongs_to_the_ellipse():
    radius = ellipse_radius_squared(torch.tensor([0.5], dtype=torch.float64))
    assert ellipse_coverage(radius, [0.5]).item() == 1


def test_what_is_not_a_number_is_not_covered():
    distance = torch.tensor([0.1, math.nan, 0.2, math.inf])
    assert ellipse_coverage(distance).tolist() == [0.5, 0.5, 0.5]


def test_no_points():
    assert ellipse_coverage(torch.zeros(0)).isnan().all()
