import pytest
import torch
from scipy import stats

from tests.uncertain_densepose.evaluation.drawn_points import FIELDS, draw
from uncertain_densepose.evaluation.points.calibration import mahalanobis_squared


@pytest.mark.parametrize("model", FIELDS)
def test_equals_the_quadratic_form_point_by_point(model):
    points, target, _ = draw(model, 40)
    residual = target - points.mean_uv
    covariance = points.covariance()
    expected = [d @ torch.linalg.inv(s) @ d for d, s in zip(residual, covariance, strict=True)]
    actual = mahalanobis_squared(residual, covariance)
    torch.testing.assert_close(actual, torch.stack(expected), rtol=1e-9, atol=1e-12)


def test_stays_right_for_a_needle_and_never_falls_below_zero():
    direction = torch.tensor([[0.6, -0.8]], dtype=torch.float64)
    covariance = 1e-8 * torch.eye(2).double() + direction[:, :, None] * direction[:, None, :]
    across = 1e-4 * torch.tensor([[0.8, 0.6]], dtype=torch.float64)
    assert mahalanobis_squared(across, covariance).item() == pytest.approx(1, rel=1e-6)
    assert mahalanobis_squared(direction, covariance).item() == pytest.approx(1, rel=1e-6)


def test_a_linear_map_changes_nothing():
    points, target, _ = draw("full", 30)
    residual, covariance = target - points.mean_uv, points.covariance()
    turn = torch.tensor([[30.0, 4.0], [-7.0, 55.0]], dtype=torch.float64)
    torch.testing.assert_close(
        mahalanobis_squared(residual @ turn.T, turn @ covariance @ turn.T),
        mahalanobis_squared(residual, covariance),
    )


@pytest.mark.parametrize("model", FIELDS)
def test_of_samples_it_is_chi_squared_with_two_degrees_of_freedom(model):
    points, target, group = draw(model, 40_000)
    # One point a group: the others of a joint model are not independent of it.
    first = torch.cat([torch.ones(1), group.diff()]) > 0
    distance = mahalanobis_squared(target - points.mean_uv, points.covariance())[first]
    assert stats.kstest(distance.numpy(), stats.chi2(2).cdf).pvalue > 0.05


def test_no_points():
    assert mahalanobis_squared(torch.zeros(0, 2), torch.zeros(0, 2, 2)).shape == (0,)
