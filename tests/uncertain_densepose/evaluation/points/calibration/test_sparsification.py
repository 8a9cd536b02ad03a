import math

import numpy as np
import pytest
import torch

from uncertain_densepose.evaluation.points.calibration import (
    area_under_sparsification,
    sparsification_curve,
)


def slow_curve(key, error, num_steps):
    """Remove the points of the largest keys one share after the other; keys all differ."""
    order = sorted(range(len(error)), key=lambda i: -key[i])
    values = []
    for step in range(num_steps):
        left = order[len(error) * step // num_steps :]
        values.append(sum(error[i] for i in left) / len(left))
    return np.array(values) / np.mean(error)


def slow_area(curve, oracle, num_steps):
    gaps = curve - oracle
    return sum((gaps[k] + gaps[k + 1]) / 2 / num_steps for k in range(num_steps - 1))


@pytest.mark.parametrize("num_points", [7, 250])
def test_equals_loops_over_points(num_points):
    rng = np.random.default_rng(0)
    error = rng.exponential(size=num_points)
    uncertainty = error + rng.normal(size=num_points)
    curve = sparsification_curve(torch.as_tensor(uncertainty), torch.as_tensor(error), num_steps=20)
    expected, oracle = (slow_curve(key, error, 20) for key in (uncertainty, error))
    np.testing.assert_allclose(curve.removed, np.arange(20) / 20)
    np.testing.assert_allclose(curve.error, expected, rtol=1e-12)
    np.testing.assert_allclose(curve.oracle, oracle, rtol=1e-12)
    area = area_under_sparsification(curve)
    assert area == pytest.approx(slow_area(expected, oracle, 20), rel=1e-9)


def test_a_perfect_order_is_the_oracle_and_its_reverse_is_worse_than_none():
    error = torch.as_tensor(np.random.default_rng(1).exponential(size=1000))

    def area(uncertainty):
        return area_under_sparsification(sparsification_curve(uncertainty, error))

    assert area(10 * error.square()) == pytest.approx(0, abs=1e-12)
    assert area(-error) > area(torch.ones(1000)) > 0


def test_one_uncertainty_for_all_is_flat_whatever_the_order():
    error = torch.as_tensor(np.random.default_rng(2).exponential(size=333))
    curve = sparsification_curve(torch.full((333,), 0.1), error)
    torch.testing.assert_close(curve.error, torch.ones(100).double())
    torch.testing.assert_close(
        sparsification_curve(torch.full((333,), 0.1), error.flip(0)).oracle, curve.oracle
    )


def test_ties_are_the_mean_over_random_orders():
    uncertainty, error = torch.tensor([1.0, 1.0, 1.0, 2.0]), torch.tensor([1.0, 2.0, 6.0, 3.0])
    curve = sparsification_curve(uncertainty, error, num_steps=4)
    np.testing.assert_allclose(curve.error, [1, 1, 1, 1])
    np.testing.assert_allclose(curve.oracle, np.array([3, 2, 1.5, 1]) / 3)


def test_curves_start_at_one_and_the_oracle_is_below():
    rng = np.random.default_rng(3)
    error = torch.as_tensor(rng.exponential(size=500))
    curve = sparsification_curve(torch.as_tensor(rng.uniform(size=500)), error)
    assert curve.error[0] == pytest.approx(1) and curve.oracle[0] == pytest.approx(1)
    assert (curve.oracle <= curve.error + 1e-12).all()


def test_no_points_and_no_errors():
    nothing = sparsification_curve(torch.zeros(0), torch.zeros(0))
    assert nothing.error.shape == (100,) and nothing.error.isnan().all()
    assert math.isnan(area_under_sparsification(nothing))
    perfect = sparsification_curve(torch.ones(5), torch.zeros(5))
    assert math.isnan(area_under_sparsification(perfect))
