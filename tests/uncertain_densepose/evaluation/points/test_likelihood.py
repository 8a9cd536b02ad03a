import math

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal

from uncertain_densepose.distributions import AnisotropicUV, IsotropicUV, PartCorrelatedUV
from uncertain_densepose.evaluation.points.likelihood import (
    LikelihoodTotals,
    SquaredErrorTotals,
    fit_global_variance,
    group_points,
    likelihood_totals,
)
from uncertain_densepose.evaluation.points.readings import noise_model
from uncertain_densepose.structures import PointPredictions

PERSON = np.array([0, 0, 0, 1, 1, 0, 2])
PART = np.array([1, 2, 1, 1, 1, 2, 24])


def predictions(generator, *names):
    """Random predictions at seven points; points of one person and part share a covariance."""
    group = torch.as_tensor(group_points(PERSON, PART))
    root = 0.05 * torch.randn(4, 2, 2, generator=generator, dtype=torch.float64)
    fields = {
        "variance": 1e-3 + 1e-2 * torch.rand(7, generator=generator, dtype=torch.float64),
        "direction": 0.1 * torch.randn(7, 2, generator=generator, dtype=torch.float64),
        "shared_covariance": (root @ root.transpose(1, 2))[group],
    }
    return PointPredictions(
        part=torch.as_tensor(PART),
        mean_uv=torch.rand(7, 2, generator=generator, dtype=torch.float64),
        **{name: fields[name] for name in names},
    )


def dense_covariance(points, group):
    """(2P, 2P) covariance of all points at once, from the definition of the noise model."""
    count = len(points)
    total = torch.zeros(count, 2, count, 2, dtype=torch.float64)
    for i in range(count):
        total[i, :, i] += points.variance[i] * torch.eye(2, dtype=torch.float64)
        if points.direction is not None:
            total[i, :, i] += torch.outer(points.direction[i], points.direction[i])
        for j in range(count):
            if points.shared_covariance is not None and group[i] == group[j]:
                total[i, :, j] += points.shared_covariance[i]
    return total.reshape(2 * count, 2 * count)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["variance"], IsotropicUV),
        (["variance", "direction"], AnisotropicUV),
        (["variance", "direction", "shared_covariance"], PartCorrelatedUV),
        (["variance", "shared_covariance"], PartCorrelatedUV),
    ],
)
def test_equals_the_dense_gaussian_per_point(names, kind):
    generator = torch.Generator().manual_seed(0)
    points = predictions(generator, *names)
    target = torch.rand(7, 2, generator=generator, dtype=torch.float64)
    group = group_points(PERSON, PART)
    assert isinstance(noise_model(points, torch.as_tensor(group)), kind)
    dense = MultivariateNormal(points.mean_uv.flatten(), dense_covariance(points, group))
    totals = likelihood_totals(points, target.numpy(), group, num_points=10)
    expected = dense.log_prob(target.flatten()).item() / 7
    assert totals.results()["nats_per_point"] == pytest.approx(expected, rel=1e-9)
    assert totals.results()["points_read"] == pytest.approx(70)
    assert math.isnan(totals.results()["global_variance_nats_per_point"])


def test_groups_are_pairs_of_person_and_part():
    group = group_points(PERSON, PART)
    assert group[0] == group[2]
    assert group[1] == group[5]
    assert group[3] == group[4]
    assert sorted(set(group)) == [0, 1, 2, 3]


def test_a_global_variance_has_the_density_of_one_gaussian_a_point():
    generator = torch.Generator().manual_seed(1)
    points = predictions(generator, "variance", "direction", "shared_covariance")
    target = torch.rand(7, 2, generator=generator, dtype=torch.float64)
    totals = likelihood_totals(points, target.numpy(), group_points(PERSON, PART), 7, 0.02)
    gaussian = MultivariateNormal(points.mean_uv, 0.02 * torch.eye(2, dtype=torch.float64))
    expected = gaussian.log_prob(target).mean().item()
    assert totals.results()["global_variance_nats_per_point"] == pytest.approx(expected)


def test_a_model_without_a_variance_is_read_with_the_global_one_or_not_at_all():
    points = predictions(torch.Generator().manual_seed(2))
    target, group = np.zeros((7, 2)), group_points(PERSON, PART)
    results = likelihood_totals(points, target, group, 7, 0.02).results()
    assert results["nats_per_point"] == results["global_variance_nats_per_point"]
    without = likelihood_totals(points, target, group, 7).results()
    assert math.isnan(without["nats_per_point"])
    with pytest.raises(ValueError, match="no variance"):
        noise_model(points, torch.as_tensor(group))


def test_the_fitted_variance_is_the_most_likely_one():
    generator = torch.Generator().manual_seed(3)
    residual = 0.1 * torch.randn(500, 2, generator=generator) + 0.03
    fitted = fit_global_variance(residual)

    def log_likelihood(variance):
        points = PointPredictions(part=torch.ones(500), mean_uv=torch.zeros(500, 2).double())
        group = np.zeros(500, dtype=np.int64)
        return likelihood_totals(points, residual.numpy(), group, 500, variance).nats

    assert fitted == pytest.approx(residual.square().mean().item(), rel=1e-5)
    assert log_likelihood(fitted) > max(
        log_likelihood(0.98 * fitted), log_likelihood(1.02 * fitted)
    )


def test_squared_errors_of_two_sets_add_up_to_those_of_both():
    residual = torch.randn(30, 2, generator=torch.Generator().manual_seed(4))
    total = SquaredErrorTotals.of(residual[:11]) + SquaredErrorTotals.of(residual[11:])
    assert total.variance() == pytest.approx(fit_global_variance(residual))


@pytest.mark.filterwarnings("error")
def test_no_points():
    assert all(math.isnan(value) for value in LikelihoodTotals().results().values())
    assert LikelihoodTotals(num_points=5).results()["points_read"] == 0
    assert len(group_points(np.zeros(0, dtype=int), np.zeros(0, dtype=int))) == 0
    with pytest.raises(ValueError, match="no points"):
        fit_global_variance(torch.zeros(0, 2))
